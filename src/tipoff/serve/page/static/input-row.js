// Rows of a table: one from the form, or a file of many; what moved the answer.

import * as table from "./answer-table.js";
import { csv, download } from "./csv.js";
import { connectButtons, connectDrop } from "./drop.js";
import { named, reason, remark } from "./reasons.js";
import { shape } from "./shape.js";

export const one = "question";
export const many = "questions";
export const hint = "A table is a CSV with a header, in UTF-8, of the columns of the form.";

const { name } = document.querySelector("main").dataset;
const form = document.querySelector("form.fields");
const fields = () => [...form.querySelectorAll(".field")].map((field) => new Field(field));
const rows = new WeakMap(); // file -> the row that it was made of
const typical = new Map(); // name -> the value that its field began with

/** Call `give(files)` whenever the person asks, or gives tables. */
export function connect(give) {
  form.reset(); // a browser may have kept what was there before
  for (const { name: column, input } of fields()) typical.set(column, input.value);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = fields().filter((field) => !field.check());
    if (wrong.length) return wrong[0].show();
    give([asFile(fields())]);
  });
  form.addEventListener("input", (event) => new Field(event.target.closest(".field")).clear());
  form.addEventListener("change", (event) => new Field(event.target.closest(".field")).remark());
  form.addEventListener("reset", () => fields().forEach((field) => field.clear()));
  form.querySelector("button.main").disabled = false;
  document.querySelector(".template").addEventListener("click", () => {
    download(`${name}-template.csv`, csv([fields().map((field) => field.name)]), "text/csv");
  });
  connectButtons(["choose"], give);
  connectDrop(give);
}

/** One column of the form. */
class Field {
  constructor(element) {
    this.element = element;
    this.input = element.querySelector("input, select");
    [this.hint, this.said] = [".hint", ".said"].map((part) => element.querySelector(part));
    this.name = this.input.name;
    this.kind = element.dataset.kind;
  }

  /** The value as the server takes it; null where nothing is known. */
  get value() {
    const text = this.input.value.trim();
    if (text === "") return null;
    return this.kind === "number" ? Number(text) : text;
  }

  get isNoNumber() {
    return this.kind === "number" && this.value !== null && !Number.isFinite(this.value);
  }

  /** Whether the value can be asked about; otherwise that is said below it. */
  check() {
    const bad = this.isNoNumber;
    this.element.classList.toggle("bad", bad);
    this.input.setAttribute("aria-invalid", String(bad));
    this.said.textContent = bad ? `“${this.input.value.trim()}” is not a number. Leave it empty if it is not known.` : "";
    return !bad;
  }

  /** Say beside the name what is odd; nothing moves, as the person may be on the way to press a button. */
  remark() {
    const { low, high, range } = this.hint.dataset;
    const far = this.value !== null && low && (this.value < Number(low) || this.value > Number(high));
    this.hint.textContent = this.isNoNumber ? "no number" : far ? `outside of ${range}` : range;
    this.element.classList.toggle("odd", this.isNoNumber || Boolean(far));
  }

  /** Forget what was said. */
  clear() {
    this.element.classList.remove("bad", "odd");
    this.input.setAttribute("aria-invalid", "false");
    this.said.textContent = "";
    this.hint.textContent = this.hint.dataset.range;
  }

  /** Bring the field into view, in a part that may be folded. */
  show() {
    this.element.closest("details")?.setAttribute("open", "");
    this.input.focus();
  }
}

function asFile(all) {
  const row = Object.fromEntries(all.map((field) => [field.name, field.value]));
  const changed = all.filter((field) => field.input.value !== typical.get(field.name)).slice(0, 3);
  const title = changed.map((field) => `${field.name} ${field.value ?? "not known"}`).join(", ") || "a typical row";
  const file = new File([JSON.stringify(row)], title, { type: "application/json" });
  rows.set(file, row);
  return file;
}

/** How a file is sent: a row as JSON, a table as a form that comes back as a table. */
export function request(file) {
  if (rows.has(file)) return { body: file, headers: { "Content-Type": "application/json" } };
  const body = new FormData();
  body.append("file", file, file.name);
  return { body, headers: { Accept: "text/csv" } };
}

/** What fills the card: a table has a form of its own. */
export function answers(answer) {
  return answer.csv === undefined ? undefined : table;
}

/** The values of the row, or a drawing of a table. */
export function show(figure, file) {
  const row = rows.get(file);
  figure.replaceChildren(shape(row ? "values" : "a-table"));
  const list = figure.querySelector("dl");
  for (const [key, value] of Object.entries(row ?? {})) {
    const [term, said] = ["dt", "dd"].map((tag) => document.createElement(tag));
    [term.textContent, said.textContent] = [key, value ?? "not known"];
    list.append(term, said);
  }
  if (list) Object.assign(figure, { tabIndex: 0, role: "group", ariaLabel: "The row" });
  return () => {};
}

/** What moved the answer, and what was ignored or unknown. */
export function explain(figure, answer, body) {
  if (answer.why?.length) body.append(reasons(answer));
  remark(answer.notes, body);
}

function reasons(answer) {
  const content = shape("why");
  const strongest = Math.max(...answer.why.map(({ share }) => Math.abs(share)));
  const shown = answer.why.filter(({ share }) => Math.abs(share) >= 0.02 * strongest);
  const of = named(answer.label);
  for (const { column, value, typical, share } of shown) {
    const item = reason(`${column}: ${value ?? "not known"}`, share, strongest, of);
    item.title = `The typical value is ${typical}.`;
    content.querySelector("ul").append(item);
  }
  content.querySelector("p").textContent =
    `How much each value, in place of the typical one, speaks for ${of} (right) or against it (left).`;
  return content;
}

/** The columns of a row, for a table of answers. */
export function columns() {
  return fields().map((field) => field.name);
}

/** The row that was asked about; undefined for a file, which has its own table. */
export function cells(file) {
  const row = rows.get(file);
  return row && columns().map((column) => row[column] ?? "");
}
