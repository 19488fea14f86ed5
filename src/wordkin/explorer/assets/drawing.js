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

  static on(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
    return gl ? new GraphicsPoints(canvas, gl) : null;
  }

  constructor(canvas, gl) {
    this.gl = gl;
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
    this.at = (name) => gl.getUniformLocation(program, name);
    this.where = Object.fromEntries(
      ["middle", "zoom", "size", "alpha", "colours"].map((name) => [name, this.at(name)]));
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

// Without a graphics processor: squares in an array of pixels; 100,000 take some milliseconds.
class PlainPoints {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  load(places, colours) {
    this.places = places;
    this.colours = colours;
  }

  draw(view, { width, height, ratio, first, size, alpha, palette }) {
    const wide = this.canvas.width, high = this.canvas.height;
    const image = this.context.createImageData(wide, high);
    const pixels = new Uint32Array(image.data.buffer);
    const opaque = Math.round(255 * alpha);
    const inks = palette.map(([r, g, b]) => ((opaque << 24) | (b << 16) | (g << 8) | r) >>> 0);
    const side = Math.max(1, Math.round(size * ratio * 0.8)), scale = view.scale * ratio;
    const left = wide / 2 - view.x * scale, top = high / 2 + view.y * scale;
    const n = this.places ? Math.min(first, this.colours.length) : 0;
    for (let i = n - 1; i >= 0; i--) {
      const x = Math.round(left + this.places[2 * i] * scale - side / 2);
      const y = Math.round(top - this.places[2 * i + 1] * scale - side / 2);
      if (x < 0 || y < 0 || x + side > wide || y + side > high) continue;
      const ink = inks[this.colours[i]];
      for (let row = y * wide + x, end = row + side * wide; row < end; row += wide)
        pixels.fill(ink, row, row + side);
    }
    this.context.putImageData(image, 0, 0);
  }
}

function pointsOn(canvas) {
  return GraphicsPoints.on(canvas) || new PlainPoints(canvas);
}
