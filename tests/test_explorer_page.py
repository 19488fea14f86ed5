"""The explorer's page in headless Chromium: what a user does, and what the page must not do.

Needs Playwright (the test group has it) and a Chromium: Debian's, or the one that the variable
WORDKIN_CHROMIUM names.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import wordkin as wk

api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = os.environ.get("WORDKIN_CHROMIUM") or shutil.which("chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium: set WORDKIN_CHROMIUM")
EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</script>",
    "&lt;b&gt;",
    "{{7*7}}",
]


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Open an address, and see to it that the page neither fails nor asks anybody else."""
    contexts, wrong = [], []

    def opened(url, **settings):
        context = browser.new_context(viewport={"width": 1100, "height": 700}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        own = (url.split("#")[0].rsplit("/", 1)[0], "data:", "blob:")
        page.on("request", lambda r: r.url.startswith(own) or wrong.append(r.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        page.on(
            "console", lambda m: m.type == "error" and "404" not in m.text and wrong.append(m.text)
        )
        page.goto(url)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    words = ["king", "queen", "man", "woman", "well-known", *EVIL, *(f"w{i}" for i in range(990))]
    matrix = rng.normal(size=(len(words), 10)).astype(np.float32)
    matrix[1] = matrix[0] - matrix[2] + matrix[3]
    return wk.WordVectors(words, matrix, counts=np.arange(2000, 2000 - len(words), -1))


@pytest.fixture(scope="module")
def other(vectors):
    matrix = np.random.default_rng(1).normal(0, 0.4, size=(500, 10))
    return wk.WordVectors(vectors.index_to_key[:500], vectors.vectors[:500] + matrix)


@pytest.fixture(scope="module")
def explorer(vectors):
    with wk.explore(vectors, browser=False) as running:
        yield running


@pytest.fixture(scope="module")
def file(vectors, tmp_path_factory):
    return wk.explore(vectors, output=tmp_path_factory.mktemp("file") / "page.html").as_uri()


@pytest.fixture(params=["server", "file"])
def url(request, explorer, file):
    return explorer.url if request.param == "server" else file


def listed(page, number=0):
    return page.locator(".column").nth(number).locator(".word bdi").all_text_contents()


def terms(page):
    return re.sub(r"\s*×\s*", " ", page.locator("#terms").inner_text()).split()


def wait_for_first(page, word):
    api.expect(page.locator(".word bdi").first).to_have_text(word)


def expected(vectors, *arguments, **settings):
    return [word for word, _ in vectors.most_similar(*arguments, topn=20, **settings)]


def test_search_as_you_type_and_click(open_page, url, vectors):
    page = open_page(url)
    assert listed(page)[:3] == ["king", "queen", "man"]
    page.locator("#ask").press_sequentially("kin")
    api.expect(page.locator("#found li bdi")).to_have_text(["king"])
    page.locator("#found li").first.click()
    nearest = expected(vectors, "king")
    wait_for_first(page, nearest[0])
    found = listed(page)
    # one byte for each number may swap words that are equally near
    assert len(set(found) & set(nearest)) >= (20 if url.startswith("http") else 18)
    cosine = float(page.locator(".word small:last-child").first.inner_text())
    assert cosine == pytest.approx(vectors.most_similar("king")[0][1], abs=0.005)
    page.locator(".word").nth(1).click()
    api.expect(page.locator(".term bdi")).to_have_text([found[1]])
    page.go_back()
    wait_for_first(page, nearest[0])


def test_sums_typed_and_made_with_buttons(open_page, url):
    page = open_page(url)
    page.locator("#ask").fill("king - man + woman")
    page.locator("#ask").press("Enter")
    wait_for_first(page, "queen")
    assert terms(page) == ["king", "+", "woman", "−", "man"]
    page.locator("ol li").first.get_by_role("button", name="Subtract").click()
    api.expect(page.locator("#terms")).to_contain_text("queen")
    assert terms(page)[-2:] == ["−", "man"] or terms(page)[-2:] == ["−", "queen"]
    page.get_by_role("button", name="Take queen away").click()
    wait_for_first(page, "queen")


def test_a_word_with_a_hyphen_is_one_word(open_page, url):
    page = open_page(url)
    page.locator("#ask").fill("well-known")
    page.locator("#ask").press("Enter")
    api.expect(page.locator(".term bdi")).to_have_text(["well-known"])
    assert len(listed(page)) == 20


def test_words_are_text_whatever_they_hold(open_page, url):
    page = open_page(url)
    for word in EVIL:
        page.locator("#ask").fill(word)
        api.expect(page.locator("#found li bdi").first).to_have_text(word)
        page.locator("#ask").press("Enter")
        api.expect(page.locator(".term bdi")).to_have_text([word])
        api.expect(page.locator("ol li")).to_have_count(20)
    page.locator("#n").select_option("100")
    page.locator("#ask").fill("<script>nothing")
    page.locator("#ask").press("Enter")
    api.expect(page.locator("#columns")).to_contain_text("'<script>nothing'")
    assert page.locator("main script, main img, header script, header img").count() == 0


def test_unknown_words_offer_others(open_page, explorer):
    page = open_page(explorer.url + "#plus=quene")
    page.get_by_role("button", name="queen", exact=True).click()
    api.expect(page.locator(".term bdi")).to_have_text(["queen"])


def test_keys(open_page, url, vectors):
    page = open_page(url)
    page.keyboard.press("/")
    page.keyboard.type("kin")
    api.expect(page.locator("#found li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    api.expect(page.locator("#found li").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    wait_for_first(page, expected(vectors, "king")[0])
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = listed(page)[1]
    page.keyboard.press("+")
    api.expect(page.locator(".term bdi")).to_have_text(["king", second])
    page.keyboard.press("?")
    api.expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    api.expect(page.locator(".term")).to_have_count(0)
    page.keyboard.press("m")
    page.wait_for_timeout(500)  # until the map has come to rest
    before = page.evaluate("({...maps[0].view})")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    page.wait_for_timeout(600)
    after = page.evaluate("({...maps[0].view})")
    assert after["x"] < before["x"]
    assert after["scale"] == pytest.approx(1.4 * before["scale"])


def test_the_map_moves_and_what_is_clicked_comes_to_the_middle(open_page, url, vectors):
    page = open_page(url)
    box = page.locator(".ink").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    before = page.evaluate("({...maps[0].view})")
    page.mouse.down()
    page.mouse.move(box["x"] + 350, box["y"] + 230)
    page.mouse.up()
    after = page.evaluate("({...maps[0].view})")
    assert after["x"] == pytest.approx(before["x"] - 50 / before["scale"])
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(200)
    assert page.evaluate("maps[0].view.scale") > 1.5 * before["scale"]
    page.evaluate("maps[0].fitAll(false)")
    row, x, y = page.evaluate("[7, ...maps[0].toPage(7)]")
    row = page.evaluate("([x, y]) => maps[0].nearest(x, y)", [x, y])
    page.mouse.click(box["x"] + x, box["y"] + y)
    api.expect(page.locator(".term bdi")).to_have_text([vectors.index_to_key[row]])
    page.wait_for_timeout(700)
    x, y = page.evaluate(f"maps[0].toPage({row})")
    assert (x, y) == pytest.approx((box["width"] / 2, box["height"] / 2), abs=2)


def test_a_rectangle_selects_its_words(open_page, url):
    page = open_page(url)
    box = page.locator(".ink").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + 200, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 420, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    inside = page.evaluate(
        "maps[0].inside([200, 150], [420, 420]).map((row) => maps[0].words[row])"
    )
    assert len(inside) > 10
    assert listed(page) == inside


def test_a_rectangle_takes_the_place_of_a_sum(open_page, url):
    page = open_page(url + "#plus=king")
    page.evaluate("onSelect(0, [3, 4, 5])")
    assert listed(page) == ["woman", "well-known", EVIL[0]]
    assert "king" not in page.url
    assert "king" not in page.title()
    with page.expect_download() as download:
        page.locator("#save-text").click()
    assert download.value.suggested_filename == "words.txt"
    page.locator(".column li").first.hover()
    assert page.locator(".add").count() == 0  # there is no sum in sight to add to
    page.go_back()
    api.expect(page.locator("#terms")).to_contain_text("king")


def test_all_of_a_few_words_is_the_end_of_the_filter(open_page, tmp_path):
    few = wk.WordVectors(["a", "b", "c"], np.eye(3))
    page = open_page(wk.explore(few, output=tmp_path / "few.html").as_uri())
    assert page.locator("#top-told").inner_text() == "all"
    assert page.locator("#top").input_value() == "100"


def test_the_filter_by_frequency(open_page, url, vectors):
    page = open_page(url + "#plus=king&top=200")
    assert set(listed(page)) <= set(vectors.index_to_key[:200])
    assert page.locator("#top-told").inner_text() == "200"
    assert page.evaluate("maps[0].n") == 200
    page.locator("#top").evaluate("e => { e.value = 100; e.dispatchEvent(new Event('change')); }")
    api.expect(page.locator("#top-told")).to_have_text("all")
    assert page.evaluate("maps[0].n") == 1000
    assert "top" not in page.url


def test_links_keep_the_state(open_page, url):
    page = open_page(url + "#plus=king&plus=woman&minus=man&n=50&top=500&map0=0.25,-0.125,900")
    assert len(listed(page)) == 50
    assert terms(page) == ["king", "+", "woman", "−", "man"]
    assert page.evaluate("maps[0].view") == {"x": 0.25, "y": -0.125, "scale": 900}
    page.locator(".zoom button").first.click()
    api.expect(page).to_have_url(re.compile("map0=0.25%2C-0.125%2C1440$"))
    again = open_page(page.url)
    assert again.evaluate("maps[0].view.scale") == pytest.approx(1440)
    assert listed(again) == listed(page)


@pytest.mark.parametrize("link", ["#plus=&n=abc&top=-1&map0=1,2", "#n=999999", "#map0=a,b,c&x=%ff"])
def test_broken_links_do_no_harm(open_page, explorer, link):
    page = open_page(explorer.url + link)
    assert listed(page)[0] == "king" or page.locator(".none").count()


def test_export(open_page, url, tmp_path):
    page = open_page(url + "#plus=king")
    with page.expect_download() as download:
        page.get_by_role("button", name="TSV").click()
    assert download.value.suggested_filename == "king.tsv"
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert lines[0] == "file\tword\tcosine\trank\tcount"
    assert [line.split("\t")[1] for line in lines[1:]] == listed(page)
    name, _, cosine, rank, count = lines[1].split("\t")
    assert (name, float(cosine) > 0, int(count)) == ("vectors", True, 2001 - int(rank))
    with page.expect_download() as download:
        page.get_by_role("button", name="Text").click()
    assert Path(download.value.path()).read_text("utf-8").splitlines() == listed(page)


def test_a_table_for_spreadsheets_holds_no_formulas(open_page):
    words = ["king", "=1+2", "@a", "-b", "+c", "-1", "d=e", " =e"]
    vectors = wk.WordVectors(words, np.random.default_rng(0).normal(size=(8, 4)))
    with wk.explore(vectors, browser=False) as running:
        page = open_page(running.url + "#plus=king")
        with page.expect_download() as download:
            page.get_by_role("button", name="TSV").click()
        lines = Path(download.value.path()).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    assert {row[1] for row in rows} == {"'=1+2", "'@a", "'-b", "'+c", "-1", "d=e", "' =e"}
    assert all(float(row[2]) <= 1 for row in rows)  # numbers stay numbers, negative ones too
    assert any(row[2].startswith("-") for row in rows)


def test_two_side_by_side(open_page, vectors, other, tmp_path):
    both = {"one": vectors, "two": other}
    out = wk.explore(both, output=tmp_path / "two.html")
    with wk.explore(both, browser=False) as running:
        for url in (running.url, out.as_uri()):
            page = open_page(url + "#plus=king")
            assert page.locator(".column h2").all_text_contents() == ["one", "two"]
            left, right = listed(page, 0), listed(page, 1)
            same = set(left) & set(right)
            assert 0 < len(same) < 20
            assert set(page.locator(".both").all_text_contents()) == same
            assert page.locator("#account").inner_text() == f"{len(same)} of 20 in both"
            assert page.locator(".map").count() == 2
            page.locator("#ask").fill("w900")  # the second has 500 words
            page.locator("#ask").press("Enter")
            api.expect(page.locator(".none")).to_contain_text("w900")
            assert len(listed(page, 0)) == 20
            assert listed(page, 1) == []


def test_light_and_dark(open_page, explorer):
    ground = "getComputedStyle(document.body).backgroundColor"
    page = open_page(explorer.url, color_scheme="dark")
    dark = page.evaluate(ground)
    page.locator("#theme").click()
    light = page.evaluate(ground)
    brightness = [sum(map(int, re.findall(r"\d+", colour))) for colour in (dark, light)]
    assert brightness[0] < 150
    assert brightness[1] > 700
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(ground) == light


def test_a_phone_has_no_sideways_scroll(open_page, explorer):
    page = open_page(explorer.url + "#plus=king&plus=woman&minus=man")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".ink").bounding_box()["height"] > 200
    assert page.locator(".word").first.bounding_box()["height"] >= 30


@pytest.mark.parametrize("kind", ["GraphicsPoints", "PlainPoints"])
def test_points_are_drawn_where_they_are(browser, explorer, kind):
    """The graphics processor is played here by software; the page itself would not use that."""
    page = browser.new_context().new_page()
    page.goto(explorer.url)
    drawn = page.evaluate(
        """(kind) => {
          const canvas = made("canvas", { width: 200, height: 100 });
          const kinds = { PlainPoints, GraphicsPoints };
          let points;
          try { points = new kinds[kind](canvas); } catch (error) { return String(error); }
          points.load(new Float32Array([0, 0, 1, 0.5, -1, -0.5]), new Uint8Array([0, 1, 2]));
          points.draw({ x: 0, y: 0, scale: 50 }, {
            width: 200, height: 100, ratio: 1, first: 2, size: 10, alpha: 1, paper: [0, 0, 0],
            palette: [[255, 0, 0], [0, 255, 0], [0, 0, 255], ...Array(5).fill([9, 9, 9])] });
          const copy = made("canvas", { width: 200, height: 100 }).getContext("2d");
          copy.drawImage(canvas, 0, 0);
          return [[100, 50], [150, 25], [50, 75], [20, 20]].map(([x, y]) =>
            [...copy.getImageData(x, y, 1, 1).data].slice(0, 3));
        }""",
        kind,
    )
    page.context.close()
    if isinstance(drawn, str):
        pytest.skip(f"this Chromium has no WebGL2: {drawn}")
    red, green, left_out, nothing = drawn
    assert red[0] > 120 > 10 > red[1] + red[2]
    assert green[1] > 120 > 10 > green[0] + green[2]
    assert left_out == nothing == [0, 0, 0]


def test_half_a_surrogate_pair(open_page):
    vectors = wk.WordVectors(["a", "\ud800", "b"], np.eye(3))
    with wk.explore(vectors, browser=False) as running:
        page = open_page(running.url + "#plus=a")
        assert len(listed(page)) == 2


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(400_000)]
    return wk.WordVectors(words, rng.normal(size=(400_000, 20)).astype(np.float32))


def test_400_000_words(open_page, many):
    with wk.explore(many, browser=False) as running:
        page = open_page(running.url + "#plus=word399999")
        assert listed(page) == [word for word, _ in many.most_similar("word399999", topn=20)]
        assert page.evaluate("[maps[0].n, maps[0].words.length]") == [400_000, 400_000]
        page.locator("#ask").fill("d39999")
        api.expect(page.locator("#found li bdi").first).to_have_text("word39999")
        page.locator("#ask").press("Escape")
        box = page.locator(".ink").bounding_box()
        x, y = page.evaluate("maps[0].toPage(399999)")
        page.mouse.wheel(0, -300)
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.click(box["x"] + x, box["y"] + y)
        api.expect(page.locator(".term bdi")).to_have_text(["word399999"])


@pytest.mark.slow
def test_400_000_words_in_one_file(open_page, many, tmp_path):
    out = wk.explore(many, output=tmp_path / "page.html", words=400_000)
    page = open_page(out.as_uri() + "#plus=word399999")
    nearest = {word for word, _ in many.most_similar("word399999", topn=20)}
    assert len(nearest & set(listed(page))) >= 18
    assert page.evaluate("maps[0].n") == 400_000
