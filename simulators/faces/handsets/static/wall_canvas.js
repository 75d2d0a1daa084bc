// Many handsets at once, drawn on a canvas: a page of thousands of links is too slow to change (decision 0037).
// A brick is drawn from a picture of its look, made once for each look and colour scheme.

const CELL = { w: 30, h: 38, gap: 5 };
const SCREEN = { x: 3, y: 3, h: 21 };

export class Crowd {
  // `opened(mac)` is called where a brick is chosen, `told(brick)` where one is pointed at, `looks` are by state.
  constructor(canvas, looks, opened, told) {
    this.canvas = canvas;
    this.looks = looks;
    this.told = told;
    this.bricks = [];
    this.places = new Map(); // MAC -> index
    this.pictures = new Map();
    this.columns = 1;
    this.at = -1;
    this.context = canvas.getContext("2d");
    canvas.addEventListener("click", (event) => this.chosen(this.under(event), event, opened));
    canvas.addEventListener("mousemove", (event) => this.point(this.under(event)));
    canvas.addEventListener("mouseleave", () => this.point(-1));
    canvas.addEventListener("keydown", (event) => this.key(event, opened));
    new ResizeObserver(() => this.lay()).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.pictures.clear(); this.lay(); });
  }

  show(bricks) {
    this.bricks = bricks;
    this.places = new Map(bricks.map((brick, index) => [brick[0], index]));
    this.at = Math.min(this.at, bricks.length - 1);
    this.lay();
  }

  // One brick is another one now; false where it isn't among those shown.
  change(brick) {
    const index = this.places.get(brick[0]);
    if (index === undefined) return false;
    this.bricks[index] = brick;
    this.paint(index);
    return true;
  }

  lay() {
    if (this.canvas.hidden) return;
    const width = this.canvas.parentElement.clientWidth;
    this.columns = Math.max(1, Math.floor((width + CELL.gap) / (CELL.w + CELL.gap)));
    const height = Math.ceil(this.bricks.length / this.columns) * (CELL.h + CELL.gap);
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (let index = 0; index < this.bricks.length; index += 1) this.paint(index);
  }

  place(index) {
    return [(index % this.columns) * (CELL.w + CELL.gap) + CELL.gap / 2, Math.floor(index / this.columns) * (CELL.h + CELL.gap) + CELL.gap / 2];
  }

  paint(index) {
    const [x, y] = this.place(index);
    const [, state, use] = this.bricks[index];
    const half = CELL.gap / 2;
    this.context.clearRect(x - half, y - half, CELL.w + CELL.gap, CELL.h + CELL.gap);
    this.context.drawImage(this.picture(state, use), x - half, y - half, CELL.w + CELL.gap, CELL.h + CELL.gap);
    if (index !== this.at) return;
    this.context.strokeStyle = this.colour("--ink");
    this.context.lineWidth = 2;
    this.context.strokeRect(x - 1, y - 1, CELL.w + 2, CELL.h + 2);
  }

  colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name).trim();
  }

  picture(state, use) {
    const name = `${state}/${use}`;
    let made = this.pictures.get(name);
    if (made === undefined) this.pictures.set(name, made = this.drawn(this.looks[state], use));
    return made;
  }

  drawn(look, use) {
    const ratio = devicePixelRatio || 1;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round((CELL.w + CELL.gap) * ratio);
    canvas.height = Math.round((CELL.h + CELL.gap) * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.translate(CELL.gap / 2, CELL.gap / 2);
    const body = pen.createLinearGradient(0, 0, 0, CELL.h);
    body.addColorStop(0, "#474d56");
    body.addColorStop(1, "#23272d");
    if (use !== "") {
      pen.fillStyle = use === "rings" ? "#d98a00" : this.colour("--accent");
      round(pen, -2.5, -2.5, CELL.w + 5, CELL.h + 5, 7);
    }
    pen.fillStyle = body;
    round(pen, 0, 0, CELL.w, CELL.h, 5);
    pen.fillStyle = "#eef3f9";
    round(pen, SCREEN.x, SCREEN.y, CELL.w - 2 * SCREEN.x, SCREEN.h, 3);
    pen.fillStyle = "#c3ccd8";
    for (let dot = 0; dot < 6; dot += 1) pen.fillRect(9 + (dot % 3) * 5, 28 + Math.floor(dot / 3) * 4.5, 2, 2);
    mark(pen, look, CELL.w / 2, SCREEN.y + SCREEN.h / 2);
    return canvas;
  }

  under(event) {
    const column = Math.floor(event.offsetX / (CELL.w + CELL.gap));
    const index = Math.floor(event.offsetY / (CELL.h + CELL.gap)) * this.columns + column;
    return column < this.columns && index < this.bricks.length ? index : -1;
  }

  point(index) {
    if (index === this.at) return;
    const before = this.at;
    this.at = index;
    if (before >= 0 && before < this.bricks.length) this.paint(before);
    if (index >= 0) this.paint(index);
    this.told(index < 0 ? null : this.bricks[index]);
  }

  chosen(index, event, opened) {
    if (index >= 0) opened(this.bricks[index][0], event.ctrlKey || event.metaKey);
  }

  key(event, opened) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? this.bricks.length - 1 : step === undefined ? null : this.at < 0 ? 0 : this.at + step;
    if (to !== null) {
      if (to >= 0 && to < this.bricks.length) this.point(to);
    } else if (event.key === "Enter" && this.at >= 0) {
      this.chosen(this.at, event, opened);
    } else {
      return;
    }
    event.preventDefault();
  }
}

function round(pen, x, y, w, h, radius) {
  pen.beginPath();
  pen.roundRect(x, y, w, h, radius);
  pen.fill();
}

// The same shapes and colours as the style sheet's marks.
const TONES = { good: "#147a4b", work: "#1f5fae", warn: "#8f5a00", bad: "#b3241c", idle: "#5a6675", off: "#5a6675" };

function mark(pen, { kind, letter }, x, y) {
  pen.fillStyle = pen.strokeStyle = TONES[kind];
  pen.beginPath();
  if (kind === "work") pen.roundRect(x - 9, y - 9, 18, 18, 3);
  else if (kind === "warn") triangle(pen, x, y - 9.5, y + 9);
  else if (kind === "bad") triangle(pen, x, y + 9.5, y - 9);
  else pen.arc(x, y, kind === "good" ? 9 : 8, 0, 2 * Math.PI);
  if (kind === "idle" || kind === "off") {
    pen.lineWidth = 2;
    pen.setLineDash(kind === "off" ? [2.5, 2.5] : []);
    pen.stroke();
  } else {
    pen.fill();
  }
  pen.fillStyle = kind === "idle" || kind === "off" ? "#17202c" : "#fff";
  pen.font = `700 ${kind === "warn" || kind === "bad" ? 10 : 12}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(letter, x, y + ({ warn: 3.5, bad: -3 }[kind] ?? 0.5));
}

function triangle(pen, x, tip, base) {
  pen.moveTo(x, tip);
  pen.lineTo(x + 11, base);
  pen.lineTo(x - 11, base);
  pen.closePath();
}
