declare const htm: { bind(create: unknown): (strings: TemplateStringsArray, ...values: any[]) => any };
export default htm;
