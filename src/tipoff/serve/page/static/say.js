// The one live region: what a screen reader says while answers come in.

const PAUSE = 400; // milliseconds; sentences that come closer together are said as one

let waiting = [];

/** Say a sentence, after those that are waiting. */
export function say(sentence) {
  if (!waiting.length) setTimeout(flush, PAUSE);
  waiting.push(sentence);
}

function flush() {
  document.querySelector("[role=status]").textContent = waiting.join(" ");
  waiting = [];
}
