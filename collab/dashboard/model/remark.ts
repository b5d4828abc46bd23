/** What all channels of a group say of themselves at the end of their titles, "(synthetic)": it is shown once, and their names have its room. */

/** Without the parentheses; null where titles differ in it, or there is one alone. */
export function sharedRemark(titles: readonly string[]): string | null {
  const remark = / \(([^()]+)\)$/.exec(titles[0] ?? "")?.[1];
  if (remark === undefined || titles.length < 2) return null;
  return titles.every((title) => title.endsWith(` (${remark})`)) ? remark : null;
}

export function withoutRemark(title: string, remark: string | null): string {
  return remark === null ? title : title.slice(0, -` (${remark})`.length);
}
