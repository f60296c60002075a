// A number as a person writes it: four digits that count, and all those before the point (as tipoff.answer.number says it).

export function number(value) {
  if (Math.abs(value) >= 10_000) return value.toLocaleString("en", { maximumFractionDigits: 0 });
  return String(Number(value.toPrecision(4)));
}
