/** The highest sequence seen from each source. The sequencer uses it to recognise inputs that a source sends again. */

interface Mark {
  sequence: number;
}

export class SourceMarks {
  private readonly marks = new Map<string, Mark>();
  /** The source of the last input and its mark. The next input usually has the same source. */
  private lastSource = "";
  private lastMark: Mark = { sequence: 0 };

  /** Records a sequence. 0 means that the input has none. */
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
