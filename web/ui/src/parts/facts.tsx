// Names and values, side by side.
import type { ComponentChildren } from "preact";

export type Fact = [name: string, value: ComponentChildren, title?: string];

export function Facts({ facts }: { facts: (Fact | false | undefined)[] }) {
  return (
    <dl class="facts">
      {facts.map((fact) =>
        fact ? (
          <div key={fact[0]} title={fact[2]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

/// Numbers that a page leads with.
export function Figures({ figures }: { figures: (Fact | false | undefined)[] }) {
  return (
    <dl class="figures">
      {figures.map((fact) =>
        fact ? (
          <div key={fact[0]} title={fact[2]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
