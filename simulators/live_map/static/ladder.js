// The ladder of one phone as it grows: a list whose rows are drawn as rungs between lifelines.

import { live, element } from "./live.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 400;      // rungs that are kept; older ones go
const PAUSE_S = 20;    // a longer silence gets a row of its own
const WORDS = { SIP: "SIP", REST: "REST call", HTTP: "HTTP", OAI: "OAI", TCP: "TCP connection", event: "note" };

function clockTime(seconds) { return new Date(seconds * 1000).toISOString().slice(11, 23); }

function length(seconds) {
  for (const [unit, size] of [["years", 31536000], ["days", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= size * 1.5) return `${Math.round(seconds / size)} ${unit}`;
  }
  return `${Math.round(seconds)} s`;
}

export class Ladder {
  constructor(base, parts) {
    this.base = base;
    this.parts = parts;
    this.stream = null;
    this.mac = "";
    this.last = null;
  }

  show(mac, title) {
    this.mac = mac;
    this.title = title;
    const url = `${this.base}/phones/${mac}/events`;
    if (this.stream) this.stream.open(url);
    else this.stream = live(url, { ladder: (whole) => this.whole(whole), rungs: (rungs) => this.add(rungs), gap: () => this.stream.open() });
    this.parts.said.textContent = `${title}: opening …`;
  }

  whole({ lifelines, rungs, earlier }) {
    const names = lifelines.map((name) => element("span", {}, name === "phone" ? this.title : name));
    this.parts.names.replaceChildren(element("span", {}), ...names);
    this.lifelines = lifelines;
    this.parts.rungs.replaceChildren();
    this.last = null;
    this.parts.box.hidden = false;
    if (earlier) this.parts.rungs.append(element("li", { class: "band" }, `${earlier.toLocaleString("en")} earlier messages not shown`));
    this.add(rungs);
    if (!rungs.length) this.parts.said.textContent = `${this.title}: nothing yet.`;
  }

  add(rungs) {
    const list = this.parts.rungs;
    for (const rung of rungs) {
      if (this.last !== null && rung.t - this.last > PAUSE_S) list.append(element("li", { class: "band" }, `${length(rung.t - this.last)} later`));
      this.last = rung.t;
      list.append(this.row(rung));
    }
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    if (rungs.length) this.parts.said.textContent = `${this.title}: ${list.querySelectorAll("button").length} messages and notes.`;
    if (this.parts.follow.checked) list.scrollTop = list.scrollHeight;
  }

  row(rung) {
    const from = this.lifelines.indexOf(rung.from), to = this.lifelines.indexOf(rung.to);
    const note = rung.p === "event" || from === to || from < 0 || to < 0;
    const requirement = rung.requirement ? ` (${rung.requirement})` : "";
    const ends = note ? `${rung.from || rung.to}` : `${rung.from} to ${rung.to}`;
    const button = element("button", { type: "button", class: `rung${rung.bad ? " bad" : ""}`, "aria-expanded": "false", "aria-label": `${clockTime(rung.t)}, ${ends}, ${WORDS[rung.p] || rung.p}: ${rung.label}${requirement}` });
    button.append(element("span", { class: "at" }, clockTime(rung.t)));
    const room = element("span", { class: note ? "note-of" : "arrow-of" });
    const label = element("span", { class: "label" }, rung.label);
    if (rung.requirement) label.append(element("span", { class: "requirement" }, rung.requirement));
    room.append(label);
    if (note) {
      const column = Math.max(0, from >= 0 ? from : to);
      room.style.gridColumn = column === 0 ? "2 / 6" : column === this.lifelines.length - 1 ? `${2 * column - 1} / ${2 * column + 4}` : `${2 * column} / ${2 * column + 6}`;
      if (column > 0) room.classList.add(column === this.lifelines.length - 1 ? "right" : "middle");
    } else {
      room.style.gridColumn = `${2 * Math.min(from, to) + 3} / ${2 * Math.max(from, to) + 3}`;
      room.append(this.arrow(rung.p, to > from));
    }
    button.append(room);
    const item = element("li", {}, button);
    button.addEventListener("click", () => this.open(button, item, rung));
    return item;
  }

  arrow(protocol, right) {
    const arrow = document.createElementNS(SVG, "svg");
    arrow.setAttribute("class", right ? "arrow" : "arrow left");
    arrow.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(SVG, "line");
    line.setAttribute("class", `p-${protocol}`);
    for (const [key, value] of Object.entries({ x1: "0", x2: "100%", y1: "6", y2: "6" })) line.setAttribute(key, value);
    const head = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ x: right ? "100%" : "0", y: "0", overflow: "visible", width: "1", height: "12" })) head.setAttribute(key, value);
    const tip = document.createElementNS(SVG, "polygon");
    tip.setAttribute("class", `h-${protocol}`);
    tip.setAttribute("points", right ? "0,6 -9,1.5 -9,10.5" : "0,6 9,1.5 9,10.5");
    head.append(tip);
    arrow.append(line, head);
    return arrow;
  }

  async open(button, item, rung) {
    const shown = item.querySelector("pre");
    if (shown) {
      shown.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    const text = element("pre", { tabindex: "0" }, "…");
    item.append(text);
    button.setAttribute("aria-expanded", "true");
    try {
      const answer = await fetch(`${this.base}/messages/${rung.seq}`, { headers: { Accept: "application/json" } });
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.message);
      const where = found.source ? `${found.source} → ${found.destination} (${found.transport})\n` : "";
      text.textContent = `${found.from} → ${found.to}  ${found.time}\n${where}${found.summary}\n\n${found.detail}`.trim();
    } catch (error) {
      text.textContent = error.message;
    }
  }
}
