// A whole table with its answers: what they come to, the first rows, and the file to save.

import { download } from "./csv.js";
import { rowsOf } from "./csv-read.js";
import { shape } from "./shape.js";

const SHOWN = 8; // rows
const READ = 100_000; // characters, in which the first rows are

/** Fill a card's body. */
export function fill(body, answer) {
  const content = shape("table-answer");
  content.querySelector(".verdict").textContent = counted(answer);
  content.querySelector(".quiet").textContent = answer.summary;
  const save = content.querySelector(".save");
  const name = `${answer.file.replace(/\.[a-z]+$/i, "")}-answers.csv`;
  save.textContent = `Download ${name}`;
  save.addEventListener("click", () => download(name, `\ufeff${answer.csv}`, "text/csv"));
  const [heads, ...rows] = rowsOf(answer.csv.slice(0, READ), SHOWN + 1);
  const order = [...heads.keys()].slice(-answer.columns).concat([...heads.keys()].slice(0, -answer.columns)); // answers first
  content.querySelector("thead tr").append(...order.map((i) => cell("th", heads[i])));
  for (const row of rows) {
    const line = document.createElement("tr");
    line.append(...order.map((i) => cell("td", row[i])));
    content.querySelector("tbody").append(line);
  }
  content.querySelector(".scroll").setAttribute("aria-label", `The first rows of ${name}`);
  body.replaceChildren(content);
}

export function state() {
  return "plain wide";
}

export function sentence(answer) {
  return `${answer.file}: ${counted(answer)}. ${answer.summary}.`;
}

function counted({ rows }) {
  return `${rows.toLocaleString("en")} row${rows === 1 ? "" : "s"} answered`;
}

function cell(tag, text) {
  const made = document.createElement(tag);
  if (tag === "th") made.scope = "col";
  made.textContent = text ?? "";
  return made;
}
