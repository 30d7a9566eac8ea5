const words = new Intl.Collator("en", { numeric: true });

/**
 * Returns rows in the order that a table asks for; those without a value come last either way.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {import("./live_table.js").Row[]} rows in their original order, which decides between equals
 */
export function ordered(live, rows) {
  if (!live.sorting) return rows;
  const { column, direction } = live.sorting;
  const sign = direction === "ascending" ? 1 : -1;
  const byNumber = hasNumbers(live, column);
  const keyed = rows.map((row) => {
    const { number, text } = live.value(row, column);
    return { row, number: number ?? 0, text, isMissing: byNumber ? number === null : text === "" };
  });
  keyed.sort((one, other) => {
    if (one.isMissing || other.isMissing) return Number(one.isMissing) - Number(other.isMissing);
    const ahead = byNumber ? one.number - other.number : words.compare(one.text, other.text);
    return sign * ahead;
  });
  return keyed.map(({ row }) => row);
}

/**
 * Says whether a column is sorted by its numbers. What a column of numbers says in words is missing.
 *
 * @param {import("./live_table.js").LiveTable} live
 * @param {number} column
 */
export function hasNumbers(live, column) {
  const values = live.rows.map((row) => live.value(row, column));
  const told = live.columns[column].isNumber ? values : values.filter(({ text }) => text !== "");
  const isNumber = (/** @type {import("./cells.js").Value} */ { number }) => number !== null;
  return live.columns[column].isNumber ? told.some(isNumber) : told.length > 0 && told.every(isNumber);
}
