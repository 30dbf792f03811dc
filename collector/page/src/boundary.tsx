// Catches what the page cannot draw, says so, and tries again: a reader never sees an empty page.
import { Component, type ComponentChildren } from "preact";
import { TEXTS, pickLang } from "./i18n/i18n";
import { parseRoute } from "./route";

const AGAIN_MS = 10_000;

interface BoundaryState {
  error: Error | null;
}

export class Boundary extends Component<{ children: ComponentChildren }, BoundaryState> {
  override state: BoundaryState = { error: null };

  override componentDidCatch(error: Error): void {
    this.setState({ error });
    setTimeout(() => this.setState({ error: null }), AGAIN_MS);
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (!error) return this.props.children;
    const texts = TEXTS[pickLang(parseRoute(location.hash).lang, navigator.languages)];
    return (
      <main class="notice">
        <h1>{texts.errorTitle}</h1>
        <p>{texts.errorText}</p>
        <p class="hint" lang="en">
          {error.message}
        </p>
        <button type="button" class="button" onClick={() => location.reload()}>
          {texts.retry}
        </button>
      </main>
    );
  }
}
