package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/configuration.md")

// docs is where the documents stand.
const docs = "../../docs"

// TestConfigurationDocumentIsWhatServeTakes compares docs/configuration.md with the flags of troupe serve.
func TestConfigurationDocumentIsWhatServeTakes(t *testing.T) {
	want, path := configuration(t), filepath.Join(docs, "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is stale; write it by: go test ./cmd/troupe -run TestConfigurationDocument -update", path)
	}
}

const configurationHead = `# Configuration

<!-- Written by: go test ./cmd/troupe -run TestConfigurationDocument -update -->

Every setting of a node is a flag of ` + "`troupe serve`" + `, an environment variable, or a key of a YAML file that ` + "`--config`" + ` names; the keys are the
flags' names. A flag wins over the environment, the environment over the file, the file over the default. A setting that cannot be is
refused at the start, all of them at once, by the names used here.

` + "```yaml" + `
# troupe serve --config troupe.yaml
data-dir: /srv/troupe
max-accounts: 5
log-level: warn
` + "```" + `

| flag | variable | default | |
|---|---|---|---|
`

const configurationTail = `
The client commands find their node by ` + "`--data-dir`" + ` (DATA_DIR): they speak to the Unix socket ` + "`troupe.sock`" + ` in it or in the one node's folder below it.
` + "`--addr`" + ` (TROUPE_ADDR) names an address instead. ` + "`--lang`" + `, else LC_ALL, LC_MESSAGES or LANG, chooses English or Chinese.

## For development

These are refused when NODE_ENV is ` + "`production`" + `, and so is ` + "`--sandbox off`" + `. They have no environment variable.

| flag | default | |
|---|---|---|
`

// configuration is the document as the flags would have it.
func configuration(t *testing.T) string {
	t.Helper()
	root := rootCommand(&cli{lang: english, getenv: func(string) string { return "" }})
	serve, _, err := root.Find([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	var ordinary, development strings.Builder
	serve.InheritedFlags() // merges data-dir into the flags
	serve.Flags().VisitAll(func(f *pflag.Flag) {
		i := slices.IndexFunc(settings, func(s setting) bool { return s.flag == f.Name })
		switch {
		case strings.HasPrefix(f.Name, "dev-"):
			fmt.Fprintf(&development, "| `--%s` | %s | %s |\n", f.Name, shownDefault(f), strings.TrimSuffix(f.Usage, "; development only"))
		case i >= 0:
			env := settings[i].env
			fmt.Fprintf(&ordinary, "| `--%s` | `%s` | %s | %s |\n", f.Name, env, shownDefault(f), strings.TrimSuffix(f.Usage, " ("+env+")"))
		}
	})
	return configurationHead + ordinary.String() + configurationTail + development.String()
}

func shownDefault(f *pflag.Flag) string {
	switch {
	case f.Name == "data-dir":
		return "`/var/lib/troupe` for root, else `~/.local/share/troupe`"
	case f.DefValue == "" || f.DefValue == "[]":
		return ""
	}
	return "`" + f.DefValue + "`"
}

// reference is a Markdown link to a place of the repository.
var reference = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`)

// TestLinksOfTheDocumentsLeadSomewhere opens every linked file. Where the text of a link to a Go file is code (a name in
// backquotes), that file has to declare it.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(docs, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob(filepath.Join(docs, "decisions", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(append(pages, decisions...), "../../README.md", "../../CONTRIBUTING.md")
	links := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reference.FindAllStringSubmatch(string(text), -1) {
			if name, target := m[1], m[2]; !strings.Contains(target, "://") && !strings.HasPrefix(target, "#") {
				links++
				follow(t, page, name, target)
			}
		}
	}
	if links < 60 {
		t.Errorf("only %d links found", links)
	}
}

func follow(t *testing.T, page, name, target string) {
	t.Helper()
	target, _, _ = strings.Cut(target, "#")
	file := filepath.Join(filepath.Dir(page), target)
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		if err != nil {
			t.Errorf("%s: the link of %s leads nowhere: %v", page, name, err)
		}
		return
	}
	symbol, code := strings.CutPrefix(strings.TrimSuffix(name, "`"), "`")
	if !code || filepath.Ext(file) != ".go" || strings.HasSuffix(symbol, ".go") {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !declares(string(text), symbol) {
		t.Errorf("%s: %s does not declare %s", page, target, symbol)
	}
}

// declares says whether Go source declares a function, method (name or Type.name), type, constant or variable of that name.
func declares(source, symbol string) bool {
	receiver, name, method := strings.Cut(symbol, ".")
	if !method {
		name = regexp.QuoteMeta(symbol)
		return regexp.MustCompile(`(?m)^(func (\([^)]*\) )?|type |var |const |\t)` + name + `\b`).MatchString(source)
	}
	return regexp.MustCompile(`(?m)^func \(\w* ?\*?` + regexp.QuoteMeta(receiver) + `(\[[^\]]*\])?\) ` + regexp.QuoteMeta(name) + `\b`).MatchString(source)
}
