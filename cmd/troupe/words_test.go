package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// said are the functions whose first argument is a text for people.
var said = []string{"t", "f", "progress"}

// texts collects every such literal of the package.
func texts(t *testing.T) map[string]token.Position {
	t.Helper()
	files := token.NewFileSet()
	found := map[string]token.Position{}
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name.Name(), ".go") || strings.HasSuffix(name.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			method, isMethod := call.Fun.(*ast.SelectorExpr)
			literal, isText := call.Args[0].(*ast.BasicLit)
			if isMethod && isText && literal.Kind == token.STRING && slices.Contains(said, method.Sel.Name) {
				text, _ := strconv.Unquote(literal.Value)
				found[text] = files.Position(literal.Pos())
			}
			return true
		})
	}
	return found
}

func TestEveryTextHasItsChinese(t *testing.T) {
	verbs := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	all := texts(t)
	if len(all) < 80 {
		t.Fatalf("only %d texts found", len(all))
	}
	for _, long := range []string{exitCodesText, loginText, replyText, serveText, demoText, completionText, proxyText, importText, keysText, platformText, validateText, tryText, storeText, backupText, restoreText} {
		all[long] = token.Position{Filename: "words.go"}
	}
	for text, at := range all {
		translated := inChinese(text)
		ok := translated != ""
		if !ok {
			t.Errorf("%s: no Chinese for %q", at, text)
		}
		if want, got := verbs.FindAllString(text, -1), verbs.FindAllString(translated, -1); len(got) != len(want) ||
			!strings.Contains(translated, "%[") && !slices.Equal(got, want) {
			t.Errorf("%s: %q takes %v, its Chinese %v", at, text, want, got)
		}
	}
}

func TestLanguageComesFromFlagThenEnvironment(t *testing.T) {
	for _, tc := range []struct {
		args []string
		env  map[string]string
		want lang
	}{
		{nil, nil, english},
		{nil, map[string]string{"LANG": "zh_CN.UTF-8"}, zh},
		{nil, map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, english},
		{[]string{"items", "--lang", "zh"}, map[string]string{"LANG": "en_US"}, zh},
		{[]string{"--lang=en"}, map[string]string{"LANG": "zh_CN.UTF-8"}, english},
	} {
		if got := langOf(tc.args, func(name string) string { return tc.env[name] }); got != tc.want {
			t.Errorf("%+v: %s", tc, got)
		}
	}
}

// walk visits a command and all below it.
func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, visit)
	}
}

func TestEveryExampleInTheHelpIsAValidCommandLine(t *testing.T) {
	c := &cli{getenv: func(string) string { return "" }}
	for _, top := range rootCommand(c).Commands() {
		walk(top, func(cmd *cobra.Command) {
			if cmd.Name() == "help" {
				return
			}
			if cmd.Example == "" || cmd.Short == "" {
				t.Errorf("%s has no example or no summary", cmd.CommandPath())
			}
			for line := range strings.Lines(cmd.Example) {
				_, line, _ = strings.Cut(line, "troupe ") // before it may stand a pipe, or a setting
				line, _, _ = strings.Cut(line, " >")
				found, rest, err := rootCommand(c).Find(words(line))
				if err == nil {
					err = found.ParseFlags(rest)
				}
				if err == nil {
					err = found.ValidateArgs(found.Flags().Args())
				}
				if err != nil {
					t.Errorf("troupe %s: %v", line, err)
				}
			}
		})
	}
}

// words splits a line as a shell does, as far as the examples need it.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(strings.TrimSpace(line), `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

func TestTableLinesUpWithChinese(t *testing.T) {
	var b bytes.Buffer
	table := table{}
	table.add("小店", "x")
	table.add("ab", "y")
	table.write(&b)
	if b.String() != "小店  x\nab    y\n" {
		t.Errorf("%q", b.String())
	}
	if got := short("一二三四五", 7); got != "一二三…" {
		t.Errorf("%q", got)
	}
}
