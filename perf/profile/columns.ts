/** Lines of text with their cells below each other: to the right, but the last column and those named `left`. */
export function formatColumns(rows: string[][], left: number[] = []): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const last = widths.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) => {
        if (column === last) return cell;
        const width = widths[column] ?? 0;
        return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  "),
  );
}

/** 0.1234 as "12.3%". */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

/** Bytes as "1,234 KiB". */
export function formatKib(bytes: number): string {
  return `${Math.round(bytes / 1024).toLocaleString("en")} KiB`;
}
