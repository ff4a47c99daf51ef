export const expressionInterpreter: any;
