// Tables that are tables: a header cell for each column, a caption for screen readers, rows that the keyboard reaches.
import type { ComponentChildren, Key } from "preact";
import { go, withWords, word } from "../app/router";

export interface Column<T> {
  key: string;
  head: string;
  cell: (row: T) => ComponentChildren;
  number?: boolean;
  /// 1 always; 2 not on a phone; 3 only where there is room.
  rank?: 1 | 2 | 3;
  /// The value of `sort` that this column asks the server for.
  sort?: string;
  classes?: string;
}

export interface TableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  id: (row: T) => Key;
  classes?: string;
  rowClass?: (row: T) => string;
  sorted?: string; // the sort in force
}

const classOf = <T,>(c: Column<T>) =>
  [c.number ? "number" : "", c.rank === 2 ? "rank2" : c.rank === 3 ? "rank3" : "", c.classes ?? ""].join(" ").trim();

export function Table<T>({ caption, columns, rows, id, classes, rowClass, sorted }: TableProps<T>) {
  return (
    <div class="scroll">
      <table class={`rows ${classes ?? ""}`}>
        <caption class="unseen">{caption}</caption>
        <Head columns={columns} sorted={sorted} />
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} tabIndex={-1} class={rowClass?.(row) ?? ""}>
              {columns.map((c) => (
                <td key={c.key} class={classOf(c)}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Head<T>({ columns, sorted }: { columns: Column<T>[]; sorted?: string | undefined }) {
  return (
    <thead>
      <tr>
        {columns.map((c) => (
          <th
            key={c.key}
            scope="col"
            class={classOf(c)}
            aria-sort={c.sort && c.sort === sorted ? (c.sort === "name" ? "ascending" : "descending") : undefined}
          >
            {c.sort ? (
              <button type="button" class="sort" onClick={() => go(withWords({ sort: c.sort }))}>
                {c.head}
                <span aria-hidden="true" class="arrow">
                  {c.sort === sorted ? (c.sort === "name" ? "▲" : "▼") : ""}
                </span>
              </button>
            ) : (
              c.head
            )}
          </th>
        ))}
      </tr>
    </thead>
  );
}

export { classOf };
export const sortWord = (otherwise: string): string => word("sort") || otherwise;
