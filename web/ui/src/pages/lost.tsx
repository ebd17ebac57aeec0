// An address that is no page, and a page that broke.
import { Empty } from "../parts/panel";

export function Lost({ name }: { name: string }) {
  return (
    <Empty title={name === "broken" ? "This page broke." : "There is no such page."}>
      <a href="./">To the overview</a>
      {name === "broken" ? (
        <>
          {" "}
          or <button type="button" onClick={() => location.reload()}>load it again</button>
        </>
      ) : null}
    </Empty>
  );
}
