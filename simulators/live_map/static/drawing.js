// The still part of the map: zones, boxes and wires as SVG, phones as dots on a canvas below the
// moving one.

import { GROUPS, colour, groupOf } from "./colours.js";

const SVG = "http://www.w3.org/2000/svg";
const TITLES = { outside: "Homes and the Internet", lan: "Office LAN", homes: "", office: "Phones in the office" };

function make(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Drawing {
  constructor(svg, canvas) {
    this.svg = svg;
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.phones = [];
    this.spots = [];
    this.chosen = -1;
    this.form = null;
    this.scale = 1;
  }

  show(form, texts, phones) {
    this.form = form;
    this.phones = phones;
    this.boxes = Object.fromEntries(form.boxes.map(([key, x, y, width, height]) => [key, { x, y, width, height }]));
    this.svg.setAttribute("viewBox", `0 0 ${form.width} ${form.height}`);
    const parts = [];
    for (const [key, x, y, width, height] of form.zones) {
      parts.push(make("rect", { class: `zone ${key}`, x, y, width, height, rx: 14 }));
      parts.push(make("text", { class: "zone-name", x: key === "lan" && form.width > 600 ? x + width - 16 : x + 16, y: y + 24, "text-anchor": key === "lan" && form.width > 600 ? "end" : "start" }, TITLES[key]));
    }
    this.wires = form.wires.map(([, , protocol, line]) => {
      const wire = make("polyline", { class: protocol ? `wire p-${protocol}` : "wire mere", points: line.map((p) => p.join(",")).join(" ") });
      parts.push(wire);
      return wire;
    });
    for (const [key, x, y, width, height] of form.boxes) parts.push(...this.box(key, x, y, width, height, texts[key] || []));
    this.svg.replaceChildren(...parts);
    this.place();
    this.dots();
  }

  box(key, x, y, width, height, texts) {
    if (key === "homes") return [];
    if (key === "office") {
      return [make("rect", { class: "yard", x, y, width, height, rx: 10 }), make("text", { class: "small-name", x: x + 12, y: y + 20 }, TITLES.office)];
    }
    const middle = x + width / 2;
    const kind = key.replace(/\d+$/, "");
    const parts = [make("rect", { class: `box ${kind}`, x, y, width, height, rx: 9 })];
    const [name, first, second] = texts;
    if (kind === "mbg") {
      parts.push(make("line", { class: "border", x1: this.form.width > 600 ? middle : x, x2: this.form.width > 600 ? middle : x + width, y1: this.form.width > 600 ? y : y + height / 2, y2: this.form.width > 600 ? y + height : y + height / 2 }));
      if (width < 110) return [...parts, make("text", { class: "name small", x: middle, y: y + height / 2 - 6, "text-anchor": "middle" }, name)];
      if (height < 70) {
        parts.push(make("text", { class: "name halo", x: middle, y: y + 20, "text-anchor": "middle" }, name));
        if (this.form.width > 600) parts.push(this.small(x + width / 4, y + height - 9, first), this.small(x + 3 * width / 4, y + height - 9, second));
        return parts;
      }
      parts.push(make("text", { class: "name halo", x: middle, y: y + (this.form.width > 600 ? 26 : height / 2 + 5), "text-anchor": "middle" }, name));
      if (this.form.width > 600) {
        const low = y + height;
        parts.push(this.small(x + width / 4, low - 34, "outside"), this.small(x + width / 4, low - 18, first));
        parts.push(this.small(x + 3 * width / 4, low - 34, "inside"), this.small(x + 3 * width / 4, low - 18, second));
      } else {
        parts.push(this.small(middle, y + 26, `outside ${first}`), this.small(middle, y + height - 16, `inside ${second}`));
      }
      return parts;
    }
    const tall = height > 46 && first;
    parts.push(make("text", { class: width < 130 ? "name small" : "name", x: middle, y: y + height / 2 + (tall ? -3 : 5), "text-anchor": "middle" }, name));
    if (tall) parts.push(this.small(middle, y + height / 2 + 17, this.fit(first, width)));
    return parts;
  }

  fit(text, width) {
    const most = Math.floor((width - 10) / 6.1);
    return text.length <= most ? text : text.slice(0, Math.max(1, most - 1)) + "…";
  }

  small(x, y, text) { return make("text", { class: "sub", x, y, "text-anchor": "middle" }, text); }

  // Where each phone stands: a grid in its area that uses the room best.
  place() {
    this.spots = new Array(this.phones.length);
    for (const [office, key, top] of [[0, "homes", 8], [1, "office", 26]]) {
      const box = this.boxes[key];
      const which = this.phones.map((_, index) => index).filter((index) => this.phones[index][2] === office);
      const width = box.width - 12, height = box.height - top - 4;
      let best = 0, columns = 1;
      for (let tried = 1; tried <= which.length; tried++) {
        const size = Math.min(width / tried, height / Math.ceil(which.length / tried));
        if (size > best) { best = size; columns = tried; }
      }
      const rows = Math.max(1, Math.ceil(which.length / columns));
      const cell = Math.min(best, 84);
      const across = Math.min(width / columns, cell * 1.5), down = Math.min(height / rows, cell * 1.3);
      const left = box.x + 6 + (width - across * columns) / 2, start = box.y + top + (height - down * rows) / 2;
      which.forEach((index, number) => {
        this.spots[index] = {
          x: left + (number % columns + 0.5) * across,
          y: start + (Math.floor(number / columns) + 0.5) * down,
          radius: Math.max(1.6, Math.min(13, cell * 0.3)),
          named: cell >= 42,
        };
      });
    }
  }

  size(width, dpr) {
    this.scale = width / this.form.width;
    const height = this.form.height * this.scale;
    this.canvas.width = Math.round(width * dpr);
    this.canvas.height = Math.round(height * dpr);
    this.context.setTransform(this.scale * dpr, 0, 0, this.scale * dpr, 0, 0);
    this.dots();
  }

  dots() {
    if (this.form === null) return;
    const context = this.context;
    context.clearRect(0, 0, this.form.width, this.form.height);
    context.font = "600 11px ui-monospace, Menlo, Consolas, 'Liberation Mono', monospace";
    context.textAlign = "center";
    const background = colour("paper"), ink = colour("ink");
    this.phones.forEach((phone, index) => {
      const spot = this.spots[index], group = GROUPS[groupOf(this.states[phone[3]])];
      this.dot(context, spot, group, colour(group.colour), background);
      if (index === this.chosen) {
        context.strokeStyle = ink;
        context.lineWidth = 2;
        context.beginPath();
        context.arc(spot.x, spot.y, spot.radius + 4, 0, 7);
        context.stroke();
      }
      if (spot.named) {
        context.fillStyle = ink;
        context.fillText(phone[4] || phone[0].slice(-4), spot.x, spot.y + spot.radius + 13);
      }
    });
  }

  dot(context, { x, y, radius }, { shape }, tone, background) {
    context.fillStyle = context.strokeStyle = tone;
    context.lineWidth = Math.max(1, radius * 0.22);
    context.beginPath();
    if (shape === "square") { context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8); context.fill(); return; }
    context.arc(x, y, shape === "dot" ? radius * 0.5 : radius, 0, 7);
    if (shape === "full" || shape === "dot") { context.fill(); return; }
    if (radius < 3) { context.globalAlpha = shape === "half" ? 1 : 0.6; context.fill(); context.globalAlpha = 1; return; }
    context.fillStyle = background;
    context.fill();
    context.stroke();
    if (shape === "half") { context.fillStyle = tone; context.beginPath(); context.arc(x, y, radius, Math.PI / 2, 1.5 * Math.PI); context.fill(); }
  }

  // The phone at a point of the picture, -1 for none.
  at(x, y) {
    let best = -1, reach = Infinity;
    this.spots.forEach((spot, index) => {
      const away = Math.hypot(spot.x - x, spot.y - y);
      if (away < Math.max(spot.radius + 8, 10) && away < reach) { best = index; reach = away; }
    });
    return best;
  }

  // The points of a way: from the phone's dot, where there is one, over all wires.
  way(hops, phone) {
    const points = [];
    for (const hop of hops) {
      const line = this.form.wires[Math.abs(hop) - 1][3];
      points.push(...(hop > 0 ? line : [...line].reverse()));
    }
    const spot = this.spots[phone];
    if (spot !== undefined) {
      const first = this.form.wires[Math.abs(hops[0]) - 1], at = hops[0] > 0 ? first[0] : first[1];
      if (at === "homes" || at === "office") points.unshift([spot.x, spot.y]);
      else points.push([spot.x, spot.y]);
    }
    return points;
  }
}
