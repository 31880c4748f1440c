export type Theme = "system" | "light" | "dark";
export type Language = "zh-CN" | "en";

// stored reads a word from local storage that is one of those allowed.
function stored<T extends string>(key: string, allowed: readonly T[]): T | undefined {
  return allowed.find((word) => word === localStorage.getItem(key));
}

const spoken: Language = navigator.languages.some((l) => l.startsWith("zh")) ? "zh-CN" : "en";

// What this browser's user chose; kept in local storage.
class Settings {
  theme = $state<Theme>(stored("troupe.theme", ["system", "light", "dark"]) ?? "system");
  language = $state<Language>(stored("troupe.language", ["zh-CN", "en"]) ?? spoken);

  // apply keeps the document and local storage in step; called once, inside an effect root.
  apply(): void {
    $effect(() => {
      if (this.theme === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = this.theme;
      localStorage.setItem("troupe.theme", this.theme);
    });
    $effect(() => {
      document.documentElement.lang = this.language;
      localStorage.setItem("troupe.language", this.language);
    });
  }
}

export const settings = new Settings();
