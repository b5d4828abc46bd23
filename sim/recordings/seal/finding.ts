/** What a look at a recording's files finds. */

/** Bytes that do not hold, and why. */
export interface Finding {
  file: string;
  offset: number;
  /** 0 where the place is known and not the extent. */
  length: number;
  reason: string;
}

export function findingOf({ file, offset, length, reason }: Finding): Finding {
  return { file, offset, length, reason };
}

export function at(file: string, offset: number, length: number, reason: string): Finding {
  return { file, offset, length, reason };
}
