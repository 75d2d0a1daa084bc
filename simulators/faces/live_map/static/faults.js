// Faults: the catalogue of each role as a form, and what is on.

import { element, send } from "./live.js";

const COMMON = ["times", "probability", "for_s"];

/** The catalogue's texts: what stands between backticks is code. */
function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

export class Faults {
  constructor(parts) {
    this.parts = parts;
    this.kinds = [];
    this.on = [];
    this.shown = "";
    parts.role.addEventListener("change", () => this.load());
    parts.name.addEventListener("change", () => this.choose());
    parts.form.addEventListener("submit", (event) => { event.preventDefault(); this.switchOn(); });
    parts.calm.addEventListener("click", () => this.act(() => send("DELETE", this.url()), "All are off."));
  }

  async begin() {
    const { items } = await send("GET", "/roles");
    const able = items.filter(({ faults }) => faults);
    this.parts.role.replaceChildren(...able.map(({ role }) => element("option", { value: role }, role)));
    await this.load();
  }

  url(role = this.parts.role.value) { return `/roles/${encodeURIComponent(role)}/faults`; }

  async catalogue(role) { return (await send("GET", `${this.url(role)}/catalogue`)).items; }

  async load() {
    this.kinds = await this.catalogue(this.parts.role.value);
    this.parts.name.replaceChildren(...this.kinds.map(({ name }) => element("option", { value: name }, name)));
    this.choose();
  }

  choose() {
    const kind = this.kinds.find(({ name }) => name === this.parts.name.value);
    this.parts.text.replaceChildren(...(kind ? prose(kind.description) : []));
    const names = kind ? Object.keys(kind.parameters) : [];
    const order = [...names.filter((name) => !COMMON.includes(name)), ...COMMON.filter((name) => names.includes(name))];
    this.fields = order.map((name) => this.field(name, kind.parameters[name]));
    this.parts.fields.replaceChildren(...this.fields.map(({ box }) => box));
    this.parts.said.textContent = "";
  }

  // A field made of one JSON schema: what it is asked by, and what it gives (undefined: leave it).
  field(name, schema) {
    const kinds = schema.anyOf || [schema];
    const of = kinds.find((kind) => kind.type !== "null") || {};
    const optional = kinds.some((kind) => kind.type === "null");
    const id = `fault-field-${name}`;
    const choices = of.enum || (of.const !== undefined ? [of.const] : null);
    const given = schema.default === null || schema.default === undefined ? "" : String(schema.default);
    let input, value;
    if (choices) {
      const options = choices.map((choice) => element("option", { value: String(choice), selected: String(choice) === given }, String(choice)));
      input = element("select", { id }, ...(optional || !given ? [element("option", { value: "" }, "")] : []), ...options);
      value = () => choices.find((choice) => String(choice) === input.value);
    } else if (of.type === "boolean") {
      input = element("input", { id, type: "checkbox", checked: schema.default === true });
      value = () => input.checked;
    } else if (of.type === "integer" || of.type === "number") {
      input = element("input", { id, type: "number", step: of.type === "integer" ? "1" : "any", min: of.minimum, max: of.maximum, value: given, inputmode: "decimal" });
      value = () => (input.value === "" ? undefined : Number(input.value));
    } else if (of.type === "array") {
      input = element("input", { id, value: "", placeholder: (schema.default || []).join(", ") });
      value = () => (input.value.trim() === "" ? undefined : input.value.split(",").map((part) => (isNaN(part) ? part.trim() : Number(part))));
    } else {
      input = element("input", { id, value: given });
      value = () => (input.value === "" ? undefined : input.value);
    }
    const hint = element("p", { id: `${id}-hint` }, ...prose(schema.description || ""));
    input.setAttribute("aria-describedby", hint.id);
    return { name, input, value, hint, said: schema.description || "", box: element("div", { class: "field" }, element("label", { for: id }, name.replace(/_s$/, " (s)").replaceAll("_", " ")), input, hint) };
  }

  async switchOn() {
    const parameters = {};
    for (const { name, value } of this.fields) {
      const given = value();
      if (given !== undefined) parameters[name] = given;
    }
    const name = this.parts.name.value;
    await this.act(() => send("POST", this.url(), { name, parameters }), `${name} is on.`);
  }

  async act(call, done) {
    const { said } = this.parts;
    for (const { input, hint, said: words } of this.fields) {
      input.removeAttribute("aria-invalid");
      hint.replaceChildren(...prose(words));
      hint.classList.remove("problem");
    }
    try {
      await call();
      said.textContent = done;
      said.classList.remove("problem");
    } catch (error) {
      said.textContent = error.message;
      said.classList.add("problem");
      for (const { name, input, hint } of this.fields) {
        const found = error.message.split("; ").find((part) => part.startsWith(`parameters.${name}`));
        if (!found) continue;
        input.setAttribute("aria-invalid", "true");
        hint.textContent = found.replace(/^parameters\./, "");
        hint.classList.add("problem");
      }
    }
  }

  // What is on, as the estate told it; rows stay where they are, so that focus does.
  list(on, now) {
    this.on = on;
    const key = JSON.stringify(on.map(({ role, number }) => [role, number]));
    if (key !== this.shown) {
      this.shown = key;
      this.rows = on.map((fault) => {
        const words = element("span", {});
        const off = element("button", { type: "button", "aria-label": `Switch ${fault.name} of ${fault.role} off` }, "Off");
        off.addEventListener("click", () => this.act(() => send("DELETE", `${this.url(fault.role)}/${fault.number}`), `${fault.name} is off.`));
        return { words, box: element("li", {}, words, off) };
      });
      this.parts.on.replaceChildren(...(on.length ? this.rows.map(({ box }) => box) : [element("li", { class: "empty" }, "None is on.")]));
    }
    on.forEach((fault, index) => this.rows[index].words.replaceChildren(...this.words(fault, now)));
  }

  words(fault, now) {
    const told = Object.entries(fault.parameters).map(([name, value]) => `${name} ${value}`).join(", ");
    const left = fault.until === null ? "until switched off" : `until ${new Date(fault.until * 1000).toISOString().slice(0, 19).replace("T", " ")} (${Math.max(0, Math.round(fault.until - now)).toLocaleString("en")} s)`;
    const state = fault.state === "on" ? left : fault.state;
    return [element("b", {}, fault.name), ` at ${fault.role}${told ? `, ${told}` : ""}: `, element("span", { class: fault.state === "on" ? "is-on" : "soft" }, state), `, struck ${fault.struck.toLocaleString("en")}×`];
  }
}
