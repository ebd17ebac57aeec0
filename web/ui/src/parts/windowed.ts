// Which rows of a long table are in sight: only those become elements.
import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

export const rowHeight = 38;
const spare = 12;

export function useWindowed(body: RefObject<HTMLElement | null>, count: number): { from: number; to: number } {
  const [range, setRange] = useState({ from: 0, to: 60 });
  useEffect(() => {
    let planned = 0;
    const look = () => {
      planned = 0;
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowHeight) - spare);
      const to = Math.min(count, Math.ceil((innerHeight - top) / rowHeight) + spare);
      setRange((old) => (old.from === from && old.to === to ? old : { from, to }));
    };
    const plan = () => {
      if (!planned) planned = requestAnimationFrame(look);
    };
    look();
    addEventListener("scroll", plan, { passive: true });
    addEventListener("resize", plan);
    return () => {
      cancelAnimationFrame(planned);
      removeEventListener("scroll", plan);
      removeEventListener("resize", plan);
    };
  }, [count]);
  return { from: Math.min(range.from, count), to: Math.min(range.to, count) };
}
