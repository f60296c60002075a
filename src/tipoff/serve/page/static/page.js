// The page that answers: from what the person gives to cards, through the queue.
// The modules of the input and the answer are named by the page, so that a new kind is a file of its own.

import { Card } from "./card.js";
import { csv, download } from "./csv.js";
import { Queue, Trouble } from "./queue.js";
import { say } from "./say.js";

const main = document.querySelector("main");
const { predict, explain, name, maxMb } = main.dataset;
const kinds = {
  input: await import(`./input-${main.dataset.input}.js`),
  answer: await import(`./answer-${main.dataset.output}.js`),
  of: (answer) => kinds.input.answers?.(answer) ?? kinds.answer, // an input may answer some in its own form
};
const queue = new Queue(explain ? `${predict}?${explain}=true` : predict, kinds.input.request);
const find = (selector) => main.querySelector(selector);

let cards = [];
let giveUp = new AbortController();

kinds.input.connect(ask);
find(".csv").addEventListener("click", save);
find(".clear").addEventListener("click", clear);

function ask(files) {
  if (!files.length) return;
  const fresh = files.map((file) => new Card(file, kinds));
  cards = [...fresh, ...cards];
  find(".list").prepend(...fresh.map((card) => card.element));
  count();
  say(files.length === 1 ? `Looking at ${files[0].name}.` : `Looking at ${files.length} ${kinds.input.many}.`);
  fresh[0].element.scrollIntoView({ block: "nearest" });
  fresh.forEach(send);
}

async function send(card) {
  card.loading();
  try {
    refuseLarge(card.file);
    const answer = await queue.ask(card.file, giveUp.signal);
    card.answered(answer);
    say(kinds.of(answer).sentence(answer));
  } catch (e) {
    if (e.name === "AbortError") return; // cleared
    if (!(e instanceof Trouble)) throw e;
    card.failed(e.message, { hint: e.unreadable ? kinds.input.hint : "", again: e.again ? () => retry(card) : undefined });
    say(e.message);
  }
  count();
}

function refuseLarge({ name, size }) {
  const megabytes = size / 2 ** 20;
  if (megabytes > maxMb) throw new Trouble(`${name} has ${megabytes.toFixed(megabytes < 1 ? 2 : 1)} MB; up to ${maxMb} MB are read.`);
}

function retry(card) {
  card.error = undefined;
  send(card);
}

function count() {
  const [n, done] = [cards.length, cards.filter((card) => card.answer || card.error).length];
  const noun = n === 1 ? kinds.input.one : kinds.input.many;
  find(".count").textContent = n === done ? (n ? `${n} ${noun}` : "") : `${done} of ${n} ${noun}`;
  find(".nothing").hidden = n > 0;
  find(".clear").hidden = n === 0;
  find(".csv").hidden = !saved().some((card) => card.answer);
}

/** The cards that go into the table of answers: not those that are a table themselves. */
function saved() {
  return cards.filter((card) => asked(card) && (!card.answer || kinds.of(card.answer) === kinds.answer));
}

/** What a card asked about, as cells: its file's name, unless the input says more. */
function asked({ file }) {
  return kinds.input.cells ? kinds.input.cells(file) : [file.name];
}

function save() {
  const [rows, questions] = [saved(), kinds.input.columns?.() ?? ["file"]];
  const answers = rows.filter((card) => card.answer).map((card) => card.answer);
  const heads = kinds.answer.columns(answers);
  const row = (card) =>
    card.answer
      ? [...asked(card), ...kinds.answer.cells(card.answer, answers), ""]
      : [...asked(card), ...heads.map(() => ""), card.error ?? "not answered yet"];
  download(`${name}-answers.csv`, csv([[...questions, ...heads, "error"], ...rows.map(row)]), "text/csv");
}

function clear() {
  giveUp.abort();
  giveUp = new AbortController();
  cards.forEach((card) => {
    card.forget();
    card.element.remove();
  });
  cards = [];
  count();
  say("Cleared.");
  find(".ask button").focus();
}
