// Signing in and out. The page itself is served to anybody who may see it; when the cookie has gone, the form of the
// server comes back by a reload.
import { signedOut, uiRoot } from "../api/client";
import { Icon } from "../parts/icons";

export function SignedOut() {
  if (!signedOut.value) return null;
  return (
    <p class="banner bad" role="alert">
      <span>
        <b>You are signed out.</b> The server wants its token again.
      </span>
      <button type="button" class="primary" onClick={() => location.reload()}>
        Sign in
      </button>
    </p>
  );
}

export function SignOut() {
  const leave = async () => {
    await fetch(new URL("logout", uiRoot), { method: "POST" });
    location.assign(uiRoot);
  };
  return (
    <button type="button" class="plain" aria-label="Sign out" title="Sign out" onClick={() => void leave()}>
      <Icon name="out" />
    </button>
  );
}
