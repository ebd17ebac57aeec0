// Questions before what cannot be undone. One at a time; the dialog itself is parts/dialog.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export interface Question {
  title: string;
  text: ComponentChildren;
  yes: string;
  danger?: boolean;
  /// A number or a few words wanted with the answer.
  field?: { label: string; type: "text" | "number"; value: string; min?: number; max?: number; required?: boolean };
}

interface Asked extends Question {
  answer: (given: string | undefined) => void;
}

export const asked = signal<Asked | undefined>(undefined);

/// Undefined: no. Else what stands in the field, or "".
export function ask(question: Question): Promise<string | undefined> {
  asked.peek()?.answer(undefined);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (given) => {
        asked.value = undefined;
        resolve(given);
      },
    };
  });
}
