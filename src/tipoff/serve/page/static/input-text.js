// Texts: one from the box, or files of many; which words mattered, drawn into the text.

import * as table from "./answer-table.js";
import { connectButtons, connectDrop } from "./drop.js";
import { named, reason, remark, signed } from "./reasons.js";
import { shape } from "./shape.js";

export const one = "text";
export const many = "texts";
export const hint = "Text files and CSV with a column of texts can be read, in UTF-8.";

const TITLE = 40; // characters of a text that name its card
const SHOWN = 5; // words in the list of the strongest
const FAINT = 0.12; // of the strongest share, below which a word is not marked
const SMALL = 0.002; // the strongest share, below which nothing is said to have mattered
const TINY = 0.0005; // a share that would be shown as 0.0 %
const form = document.querySelector("form.fields");
const box = form.querySelector("textarea");
const [count, said] = [".hint", ".said"].map((part) => form.querySelector(part));
const texts = new WeakMap(); // file -> the text that it was made of
const isTable = ({ name }) => /\.(csv|tsv)$/i.test(name);

/** Call `give(files)` whenever the person asks, or gives files. */
export function connect(give) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    say(text ? "" : "Write a text first.");
    if (!text) return box.focus();
    give([asFile(text)]);
  });
  form.addEventListener("input", () => (say(""), counted()));
  form.addEventListener("reset", () => setTimeout(() => (say(""), counted(), box.focus())));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.querySelector("button.main").disabled = false;
  counted();
  connectButtons(["choose"], give);
  connectDrop(give);
}

function say(sentence) {
  said.textContent = sentence;
  box.setAttribute("aria-invalid", String(Boolean(sentence)));
}

function counted() {
  const n = box.value.split(/\s+/).filter(Boolean).length;
  count.textContent = n ? `${n.toLocaleString("en")} word${n === 1 ? "" : "s"}` : "";
}

function asFile(text) {
  const letters = [...text.replace(/\s+/g, " ")];
  const start = letters.slice(0, TITLE).join("");
  const title = letters.length > TITLE ? `${start.replace(/\s\S{0,15}$/, "")} …` : start;
  const file = new File([JSON.stringify({ text })], title, { type: "application/json" });
  texts.set(file, text);
  return file;
}

/** How a file is sent: a text as JSON, files as a form; a table comes back as a table. */
export function request(file) {
  if (texts.has(file)) return { body: file, headers: { "Content-Type": "application/json" } };
  const body = new FormData();
  body.append("file", file, file.name);
  return isTable(file) ? { body, headers: { Accept: "text/csv" } } : { body };
}

/** What fills the card: a table has a form of its own. */
export function answers(answer) {
  return answer.csv === undefined ? undefined : table;
}

/** The text stands in the answer, with its words marked: there is nothing beside it. */
export function show(figure) {
  figure.hidden = true;
  return () => {};
}

/** Which words mattered, and what was noticed. */
export function explain(figure, answer, body) {
  if (answer.why?.length) body.append(marked(answer));
  remark(answer.notes, body);
}

function marked({ why, label }) {
  const content = shape("words");
  const of = named(label);
  const strongest = Math.max(...why.map(({ share }) => Math.abs(share)));
  const matters = ({ share }) => strongest >= SMALL && Math.abs(share) >= Math.max(TINY, FAINT * strongest);
  content.querySelector(".words").append(...why.flatMap((w) => (matters(w) ? mark(w, strongest, of) : [w.word])));
  const runs = why.some(({ word }) => /\S\s+\S/.test(word));
  content.querySelector(".legend").textContent =
    strongest < SMALL
      ? "None of them alone changes the answer."
      : `Orange and +: towards ${of}. Blue and −: against it. Shown by taking ${runs ? "a few words" : "each word"} away and asking again.`;
  const list = why.filter(matters).sort((a, b) => Math.abs(b.share) - Math.abs(a.share)).slice(0, SHOWN);
  if (list.length) content.querySelector(".why").append(...list.map(({ word, share }) => reason(bare(word), share, strongest, of)));
  else content.querySelector(".why").remove();
  return content;
}

/** The word in colour, with its sign, and the space behind it in none. */
function mark({ word, share }, strongest, of) {
  const made = document.createElement("mark");
  const up = share > 0;
  made.className = up ? "up" : "down";
  made.style.setProperty("--w", (Math.abs(share) / strongest).toFixed(2));
  made.textContent = word.trim();
  made.title = `${signed(share)} ${up ? "towards" : "against"} ${of}`;
  const sign = document.createElement("sup");
  sign.textContent = up ? "+" : "−";
  made.append(sign);
  const [before, after] = [word.match(/^\s*/)[0], word.match(/\s*$/)[0]];
  return [before, made, after];
}

/** A word without the marks around it. */
function bare(word) {
  return word.trim().replace(/^\p{P}+|\p{P}+$/gu, "") || word.trim();
}

/** The columns of a text, for a table of answers. */
export function columns() {
  return ["text"];
}

/** The text that was asked about; of a file its name; undefined for a table, which has its own. */
export function cells(file) {
  return isTable(file) ? undefined : [texts.get(file) ?? file.name];
}
