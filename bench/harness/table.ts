// Tables as aligned text that is Markdown at the same time, so that what is seen is what can be pasted.

/** The first row is the head. Columns whose cells (the head aside) start with a digit or × are aligned to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const numeric = head.map((_, column) =>
    body.every((row) => /^([-–\d×]|$)/.test(row[column] ?? "")),
  );
  const line = (row: readonly string[]): string => {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return numeric[column] === true ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, column) =>
    numeric[column] === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(head), line(rule), ...body.map(line)].join("\n");
}

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1234567 → "1,234,567"; small numbers keep three digits. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) {
    return "–";
  }
  return Math.abs(value) >= 100 ? grouped.format(value) : String(Number(value.toPrecision(3)));
}

/** Nanoseconds in the unit that reads best. */
export function formatDuration(nanoseconds: number): string {
  if (!Number.isFinite(nanoseconds)) {
    return "–";
  }
  const units = [
    ["s", 1e9],
    ["ms", 1e6],
    ["µs", 1e3],
  ] as const;
  for (const [unit, size] of units) {
    if (nanoseconds >= size) {
      return `${formatCount(nanoseconds / size)} ${unit}`;
    }
  }
  return `${formatCount(nanoseconds)} ns`;
}

export function formatBytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${formatCount(bytes / 1e6)} MB` : "–";
}
