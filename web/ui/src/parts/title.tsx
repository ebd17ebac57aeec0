// A page's head: where one is, its name, what can be done with it.
import type { ComponentChildren } from "preact";

interface TitleProps {
  up?: { href: string; word: string };
  name: ComponentChildren;
  mark?: ComponentChildren;
  children?: ComponentChildren;
}

export function Title({ up, name, mark, children }: TitleProps) {
  return (
    <header class="title">
      {up ? (
        <p class="up">
          <a href={up.href}>{up.word}</a>
        </p>
      ) : null}
      <div class="title-line">
        <h1>{name}</h1>
        {mark}
        {children ? <div class="actions">{children}</div> : null}
      </div>
    </header>
  );
}
