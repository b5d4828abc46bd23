/** A place in a text that is read from left to right. */
export class TextCursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** What a sticky pattern matches here; null, and the place stays, when it does not. */
  match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return null;
    this.at += found.length;
    return found;
  }

  /** After spaces, which are read over. */
  peek(): string | undefined {
    this.match(SPACE);
    return this.text[this.at];
  }

  /** Whether the next character, after spaces, is this one; then it is read. */
  skip(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }
}

const SPACE = /\s*/y;

/** A text in double quotes. */
export const QUOTED = /"(?:[^"\\]|\\.)*"/y;

/** What such a text says: \\, \" and \n are escapes; every other backslash is one. */
export function unquoted(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\([\\"n])/g, (_, character: string) => (character === "n" ? "\n" : character));
}
