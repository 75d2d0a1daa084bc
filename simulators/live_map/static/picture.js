// The moving part: messages along the wires, in the picture's own time. That runs with the estate,
// slower, or not at all; the estate never waits for it. Frames are drawn only while something moves.

import { DASHES, colour } from "./colours.js";

const TAIL = 34;            // length of a moving message, in units of the drawing
const MOST_WAITING = 3000;  // messages that wait while the picture is slow; older ones are left out
const MOST_MOVING = 700;
const LABELS = 8;           // more moving at the same time can't be read
const SPREAD_MS = 110;      // the messages of a frame set out one after the other
const LIT_MS = 900;

export class Picture {
  constructor(canvas, drawing, said) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.drawing = drawing;
    this.said = said;
    this.waiting = [];
    this.moving = [];
    this.lit = new Map();
    this.speed = 1;
    this.time = 0;
    this.last = null;
    this.leftOut = 0;
    this.frames = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  }

  size(width, dpr) {
    const { form } = this.drawing;
    this.canvas.width = Math.round(width * dpr);
    this.canvas.height = Math.round(width * form.height / form.width * dpr);
    const scale = width / form.width * dpr;
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
  }

  forget() {
    this.waiting = [];
    this.moving = [];
  }

  setSpeed(speed) {
    this.speed = speed;
    if (speed === 1) this.catchUp();
    this.wake();
  }

  // Leave out what waits, but for its states, and show what happens now.
  catchUp() {
    this.last = null;
    this.leftOut = 0;
    for (const item of this.waiting) if (item.apply) item.apply();
    this.waiting = [];
    this.time = performance.now();
    this.moving = [];
    this.wake();
  }

  // A frame from the estate: single messages, bundles, and what else changes with it.
  take(frame, apply) {
    const at = performance.now();
    if (this.waiting.length === 0 && this.moving.length === 0 && this.speed === 1) this.time = at;
    if (apply) this.waiting.push({ at, apply });
    const items = [
      ...(frame.m || []).map(([, protocol, hops, phone, label, , , flags]) => ({ protocol, hops, phone, label, flags, count: 1 })),
      ...(frame.b || []).map(([protocol, hops, count]) => ({ protocol, hops, phone: -1, label: "", flags: 0, count })),
    ];
    items.forEach((item, number) => this.waiting.push({ ...item, at: at + SPREAD_MS * number / items.length }));
    while (this.waiting.length > MOST_WAITING) {
      const gone = this.waiting.shift();
      if (gone.apply) gone.apply(); else this.leftOut += gone.count;
    }
    this.wake();
  }

  wake() {
    if (this.request === undefined || this.request === null) this.request = requestAnimationFrame((now) => this.draw(now));
  }

  draw(now) {
    this.request = null;
    const passed = this.last === null ? 16 : Math.min(100, now - this.last);
    this.last = now;
    this.frames += 1;
    this.time = this.speed === 1 ? now : Math.min(now, this.time + passed * this.speed);
    while (this.waiting.length && this.waiting[0].at <= this.time) this.begin(this.waiting.shift());
    if (this.still.matches) this.glow(now); else this.flow();
    this.said(this);
    const busy = this.moving.length || this.lit.size || this.waiting.length;
    if (busy && this.speed > 0) this.wake(); else this.last = null;
  }

  begin(item) {
    if (item.apply) { item.apply(); return; }
    if (this.still.matches) {
      for (const hop of item.hops) this.lit.set(Math.abs(hop) - 1, this.time + LIT_MS);
      return;
    }
    if (this.moving.length >= MOST_MOVING) { this.leftOut += item.count; return; }
    const points = this.drawing.way(item.hops, item.phone);
    const lengths = [0];
    for (let i = 1; i < points.length; i++) {
      lengths.push(lengths[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]));
    }
    const length = lengths[lengths.length - 1];
    const lost = (item.flags & 1) !== 0;
    this.moving.push({ ...item, points, lengths, length: lost ? length * 0.55 : length, lost, refused: (item.flags & 2) !== 0, begun: this.time, lasts: 450 + length * 0.85 });
  }

  // Without movement: a wire that is used is bold for a moment.
  glow(now) {
    const { form } = this.drawing;
    this.context.clearRect(0, 0, form.width, form.height);
    this.context.lineWidth = 3.5;
    for (const [number, until] of this.lit) {
      if (until < now) { this.lit.delete(number); continue; }
      const [, , protocol, line] = form.wires[number];
      this.context.strokeStyle = colour(protocol.toLowerCase());
      this.context.setLineDash(DASHES[protocol] || []);
      this.context.beginPath();
      line.forEach(([x, y], i) => (i ? this.context.lineTo(x, y) : this.context.moveTo(x, y)));
      this.context.stroke();
    }
  }

  flow() {
    const context = this.context, { form } = this.drawing;
    context.clearRect(0, 0, form.width, form.height);
    this.moving = this.moving.filter((one) => this.time - one.begun < one.lasts + (one.lost ? 900 : 0));
    const named = this.moving.filter((one) => one.label).length <= LABELS;
    context.lineCap = "butt";
    for (const one of this.moving) this.one(context, one, named);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  one(context, one, named) {
    const part = Math.min(1, (this.time - one.begun) / one.lasts);
    const head = one.length * part, tone = colour(one.refused || one.lost ? "bad" : one.protocol.toLowerCase());
    const heavy = one.count > 1 ? Math.min(9, 2.5 + Math.log2(one.count) * 1.1) : 3;
    context.strokeStyle = context.fillStyle = tone;
    context.lineWidth = heavy;
    context.globalAlpha = part < 0.06 ? part / 0.06 : 1;
    context.setLineDash((DASHES[one.protocol] || []).map((length) => length * 0.8));
    context.beginPath();
    const [tx, ty, from] = this.at(one, Math.max(0, head - TAIL - heavy * 2));
    context.moveTo(tx, ty);
    const [x, y, to, angle] = this.at(one, head);
    for (let i = from + 1; i <= to; i++) context.lineTo(one.points[i][0], one.points[i][1]);
    context.lineTo(x, y);
    context.stroke();
    context.setLineDash([]);
    if (one.lost && part >= 1) {
      context.lineWidth = 2.6;
      context.beginPath();
      context.moveTo(x - 6, y - 6); context.lineTo(x + 6, y + 6); context.moveTo(x + 6, y - 6); context.lineTo(x - 6, y + 6);
      context.stroke();
    } else this.tip(context, x, y, angle, heavy + 4);
    if (named && one.label) this.say(context, one.label, x, y - heavy - 8, tone);
    else if (one.count >= 10) this.say(context, `×${one.count}`, x, y - heavy - 8, tone);
  }

  tip(context, x, y, angle, size) {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.beginPath();
    context.moveTo(size, 0); context.lineTo(-size * 0.6, -size * 0.7); context.lineTo(-size * 0.6, size * 0.7);
    context.fill();
    context.restore();
  }

  say(context, text, x, y, tone) {
    context.font = "600 11px ui-monospace, Menlo, Consolas, 'Liberation Mono', monospace";
    const width = context.measureText(text).width, { form } = this.drawing;
    const left = Math.max(4, Math.min(form.width - width - 4, x - width / 2));
    context.textAlign = "left";
    context.lineWidth = 4;
    context.strokeStyle = colour("card");
    context.strokeText(text, left, y);
    context.fillStyle = tone;
    context.fillText(text, left, y);
  }

  // Point at a length of the way, the number of the corner before it, and the direction there.
  at(one, length) {
    const { points, lengths } = one;
    let i = 0;
    while (i < lengths.length - 2 && lengths[i + 1] < length) i += 1;
    const span = lengths[i + 1] - lengths[i] || 1, part = Math.min(1, (length - lengths[i]) / span);
    const [ax, ay] = points[i], [bx, by] = points[i + 1] || points[i];
    return [ax + (bx - ax) * part, ay + (by - ay) * part, i, Math.atan2(by - ay, bx - ax)];
  }
}
