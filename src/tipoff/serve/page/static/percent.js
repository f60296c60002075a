// A probability in [0, 1] in words: whole percents, and never more certain than it is (as tipoff.answer.percent says it).

export function percent(share) {
  if (share > 0.999) return "over 99.9 %";
  if (share >= 0.01) return `${(100 * share).toFixed(share >= 0.99 ? 1 : 0)} %`;
  return "under 1 %";
}
