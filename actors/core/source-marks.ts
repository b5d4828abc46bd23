/** The highest sequence seen of each source: what it sends again is recognised by it. */

interface Mark {
  sequence: number;
}

export class SourceMarks {
  private readonly marks = new Map<string, Mark>();
  /** The source of the last input and its mark: most often the next input has the same. */
  private lastSource = "";
  private lastMark: Mark = { sequence: 0 };

  /** Inputs without a sequence (0) leave no mark. */
  note(source: string, sequence: number): void {
    if (sequence > 0) this.markOf(source).sequence = sequence;
  }

  /** 0 for an unknown source. */
  lastSequenceOf(source: string): number {
    return this.marks.get(source)?.sequence ?? 0;
  }

  save(): (readonly [source: string, sequence: number])[] {
    return Array.from(this.marks, ([source, { sequence }]) => [source, sequence] as const);
  }

  restore(saved: readonly (readonly [source: string, sequence: number])[]): void {
    for (const [source, sequence] of saved) this.marks.set(source, { sequence });
  }

  private markOf(source: string): Mark {
    if (source === this.lastSource) return this.lastMark;
    const mark = this.marks.get(source) ?? { sequence: 0 };
    this.marks.set(source, mark);
    this.lastSource = source;
    this.lastMark = mark;
    return mark;
  }
}
