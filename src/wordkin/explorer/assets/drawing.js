"use strict";
// Draws points: by the graphics processor (WebGL2) where there is one, else dot by dot.

const N_COLOURS = 8;

class GraphicsPoints {
  static VERTEX = `#version 300 es
    in vec2 place;
    in uint colour;
    uniform vec2 middle, zoom;
    uniform float size;
    uniform vec3 colours[${N_COLOURS}];
    out vec3 tint;
    void main() {
      gl_Position = vec4((place - middle) * zoom, 0.0, 1.0);
      gl_PointSize = size;
      tint = colours[colour];
    }`;
  static FRAGMENT = `#version 300 es
    precision highp float;
    in vec3 tint;
    uniform float alpha, size;
    out vec4 ink;
    void main() {
      float cover = 1.0 - smoothstep(0.5 - 1.0 / size, 0.5, length(gl_PointCoord - 0.5));
      ink = vec4(tint, 1.0) * (alpha * cover);
    }`;

  // Whether there is a graphics processor, and not one that is played by software. A canvas has one
  // kind of context for life, so another one is asked.
  static get can() {
    const gl = document.createElement("canvas").getContext("webgl2");
    if (!gl) return false;
    const named = gl.getExtension("WEBGL_debug_renderer_info");
    const name = String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return !/swiftshader|llvmpipe|software|basic render/i.test(name);
  }

  constructor(canvas) {
    this.gl = canvas.getContext("webgl2", { antialias: false });
    this.canvas = canvas;
    this.prepare();
    // a processor may be taken away (sleep, another program), and come back empty
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      if (this.places) this.load(this.places, this.colours);
      canvas.dispatchEvent(new Event("restored"));
    });
  }

  prepare() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, GraphicsPoints.VERTEX],
                                [gl.FRAGMENT_SHADER, GraphicsPoints.FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, "place");
    gl.bindAttribLocation(program, 1, "colour");
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.where = Object.fromEntries(["middle", "zoom", "size", "alpha", "colours"]
      .map((name) => [name, gl.getUniformLocation(program, name)]));
  }

  // Rows go in reversed, so that frequent words are drawn last, on top of rare ones.
  load(places, colours) {
    const gl = this.gl, n = colours.length;
    this.places = places;
    this.colours = colours;
    this.n = n;
    const backwards = new Float32Array(2 * n);
    for (let i = 0, j = 2 * n - 2; i < 2 * n; i += 2, j -= 2) {
      backwards[j] = places[i];
      backwards[j + 1] = places[i + 1];
    }
    this.put(0, backwards);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.put(1, colours.slice().reverse());
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
  }

  put(number, data) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(number);
  }

  draw(view, { width, height, ratio, first, size, alpha, palette }) {
    const gl = this.gl;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.places) return;
    gl.uniform2f(this.where.middle, view.x, view.y);
    gl.uniform2f(this.where.zoom, 2 * view.scale / width, 2 * view.scale / height);
    gl.uniform1f(this.where.size, size * ratio);
    gl.uniform1f(this.where.alpha, alpha);
    gl.uniform3fv(this.where.colours, palette.flat().map((part) => part / 255));
    const n = Math.min(first, this.n);
    gl.drawArrays(gl.POINTS, this.n - n, n);
  }
}

// Without a graphics processor: squares mixed into an array of pixels. That is ten times as fast as
// to let a browser play the graphics processor.
class PlainPoints {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
  }

  load(places, colours) {
    this.places = places;
    this.colours = colours;
  }

  draw(view, { width, height, ratio, first, size, alpha, palette, paper }) {
    const wide = this.canvas.width, high = this.canvas.height, { places, colours } = this;
    if (!this.image || this.image.width !== wide || this.image.height !== high)
      this.image = this.context.createImageData(wide, high);
    const pixels = new Uint32Array(this.image.data.buffer);
    pixels.fill(((255 << 24) | (paper[2] << 16) | (paper[1] << 8) | paper[0]) >>> 0);
    const side = Math.max(1, Math.round(size * ratio * 0.75)), scale = view.scale * ratio;
    const left = wide / 2 - view.x * scale - side / 2, top = high / 2 + view.y * scale - side / 2;
    const part = Math.round(160 * alpha), // of 256: a square covers more than a soft disc
      n = places ? Math.min(first, colours.length) : 0;
    for (let i = n - 1; i >= 0; i--) {
      const x = Math.round(left + places[2 * i] * scale), y = Math.round(top - places[2 * i + 1] * scale);
      if (x < 0 || y < 0 || x + side > wide || y + side > high) continue;
      const [r, g, b] = palette[colours[i]];
      for (let row = y * wide + x, rows = 0; rows < side; rows++, row += wide)
        for (let at = row; at < row + side; at++) {
          const old = pixels[at], or = old & 255, og = (old >> 8) & 255, ob = (old >> 16) & 255;
          pixels[at] = 0xff000000 | ((ob + (((b - ob) * part) >> 8)) << 16) |
            ((og + (((g - og) * part) >> 8)) << 8) | (or + (((r - or) * part) >> 8));
        }
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

function pointsOn(canvas) {
  return GraphicsPoints.can ? new GraphicsPoints(canvas) : new PlainPoints(canvas);
}
