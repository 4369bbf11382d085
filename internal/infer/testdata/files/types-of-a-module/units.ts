/** What a quantity counts. */
export enum Unit {
  Piece = 'piece', // one
  /** of a thousand cubic centimetres */
  Litre = 'litre',
}
export type Shop = 'corner' | 'market' | 'online';
