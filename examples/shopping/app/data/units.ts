/** What a quantity counts. */
export enum Unit {
  Piece = "piece",
  Gram = "gram",
  Litre = "litre",
  Pack = "pack",
}

/** How much is wanted where nothing else is said. */
export const usual = { quantity: 1, unit: Unit.Piece } as const;
