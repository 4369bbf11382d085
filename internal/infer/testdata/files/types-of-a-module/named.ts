export interface Named { /** As it is called. */ name: string }
