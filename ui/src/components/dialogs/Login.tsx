import { useState } from "react";
import { api } from "../../session/api";
import { ApiError } from "../../session/http";

/** Asks for a token; the page starts anew with the session that it opens. */
export function Login({ refused }: { refused: string | null }) {
  const [error, setError] = useState(refused);
  const submit = async (token: string) => {
    try {
      await api.logIn({ token });
      location.reload();
    } catch (failure) {
      setError(failure instanceof ApiError ? `${failure.message}. ${failure.detail.hint}` : String(failure));
    }
  };
  return (
    <main className="login">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(String(new FormData(event.currentTarget).get("token") ?? "").trim());
        }}
      >
        <h1>VORTEX</h1>
        <p className="quiet">
          This server asks who you are. <code>vortex login</code> opens the page logged in;{" "}
          <code>vortex token create</code> makes a token.
        </p>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autoComplete="current-password"
          required
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : "login-error"}
        />
        {error && (
          <p id="login-error" className="wrong" role="alert">
            {error}
          </p>
        )}
        <button type="submit" className="button primary">
          Log in
        </button>
      </form>
    </main>
  );
}
