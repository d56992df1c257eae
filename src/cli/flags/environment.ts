// A misspelt variable would be ignored without a word. Here it gets one.

/** Edit distance of two short words (Levenshtein, two rows). */
function distance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced));
    }
    before = row;
  }
  return before[b.length] ?? 0;
}

/** For each `T4_…` variable that no flag reads, a sentence that names the nearest one that is read. */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  const foreign = Object.keys(environment).filter(
    // T4_TEST_… belongs to the test runner.
    (name) => name.startsWith("T4_") && !name.startsWith("T4_TEST_") && !known.includes(name),
  );
  return foreign.sort().map((name) => {
    const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0];
    const hint =
      nearest !== undefined && distance(name, nearest) <= 4 ? ` Did you mean ${nearest}?` : "";
    return `The environment variable ${name} means nothing here.${hint}`;
  });
}
