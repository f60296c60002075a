// The first rows of a CSV (RFC 4180), for a look at them.

/** At most `n` rows of `text`, each a list of texts. */
export function rowsOf(text, n) {
  const rows = [[]];
  const cell = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r?\n|$)/y;
  while (rows.length <= n && cell.lastIndex < text.length) {
    const [, value, end] = cell.exec(text) ?? [];
    if (value === undefined) break; // a quote that is cut off
    rows.at(-1).push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length).slice(0, n);
}
