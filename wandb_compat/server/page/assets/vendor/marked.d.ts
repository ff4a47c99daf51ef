export const lexer: (text: string) => any[];
