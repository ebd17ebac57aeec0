// One filter for lists, exports and bulk actions: as words of the address, and as a line of text
// (state:error queue:mail tag:"a b"), the same as the API's `q` and the command line's.

export const filterWords = ["state", "queue", "job", "tag", "worker", "error"] as const;
export type FilterWord = (typeof filterWords)[number];
export type Filter = Partial<Record<FilterWord, string>>;

const plain = /^[^\s"\\]+$/;

export function toText(filter: Filter): string {
  return filterWords
    .filter((word) => filter[word])
    .map((word) => `${word}:${quoted(filter[word] ?? "")}`)
    .join(" ");
}

const quoted = (value: string): string => (plain.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`);

/// The filter, or a sentence on what is wrong with the text. A bare word is the id of a task.
export function fromText(text: string): { filter: Filter; id?: string } | string {
  const filter: Filter = {};
  let id: string | undefined;
  const piece = /\s*(?:([a-z]+):)?(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/gy;
  let end = 0;
  while (text.slice(end).trim() !== "") {
    piece.lastIndex = end;
    const found = piece.exec(text);
    if (!found) return `Cannot read "${text.slice(end).trim()}": is a quote missing?`;
    end = piece.lastIndex;
    const [, name, inQuotes, bare] = found;
    const value = inQuotes !== undefined ? inQuotes.replace(/\\(.)/g, "$1") : (bare ?? "");
    if (name === undefined) {
      if (id !== undefined) return "One task id at a time, or words such as state:error";
      id = value;
    } else if (isFilterWord(name)) {
      filter[name] = value;
    } else {
      return `There is no word "${name}"; there are ${filterWords.join(", ")}`;
    }
  }
  return id === undefined ? { filter } : { filter, id };
}

const isFilterWord = (name: string): name is FilterWord => filterWords.some((one) => one === name);

export function fromQuery(query: URLSearchParams): Filter {
  const filter: Filter = {};
  for (const name of filterWords) {
    const value = query.get(name);
    if (value) filter[name] = value;
  }
  return filter;
}

export const isEmpty = (filter: Filter): boolean => filterWords.every((word) => !filter[word]);
