interface Item { id: number; name: string; kind: 'a' | 'b' }
export const items = [{ id: 1, name: null, kind: 'c', extra: true }, { id: 2, name: 'x', kind: 'a', extra: false }] as unknown as Item[];
