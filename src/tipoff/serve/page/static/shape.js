// The pieces of HTML that the page brings along as <template id="...">.

/** A fresh copy of a template's content. */
export function shape(id) {
  return document.getElementById(id).content.cloneNode(true);
}
