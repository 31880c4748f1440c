package main

import (
	"fmt"
	"strings"
)

// lang is the language of the texts. The code is written in English; chinese holds the other one.
type lang string

// The languages.
const (
	english lang = "en"
	zh      lang = "zh"
)

// langOf chooses the language: --lang, else the environment. Flags are not parsed yet then, because their texts
// are already in the language.
func langOf(args []string, getenv func(string) string) lang {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--lang="); ok {
			return langNamed(value)
		}
		if arg == "--lang" && i+1 < len(args) {
			return langNamed(args[i+1])
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			return langNamed(value)
		}
	}
	return english
}

func langNamed(name string) lang {
	if strings.HasPrefix(strings.ToLower(name), "zh") {
		return zh
	}
	return english
}

// t is an English text in the user's language; what has no translation stays as it is.
func (c *cli) t(text string) string {
	if translated := inChinese(text); c.lang == zh && translated != "" {
		return translated
	}
	return text
}

// f is t with values.
func (c *cli) f(format string, args ...any) string { return fmt.Sprintf(c.t(format), args...) }

// inChinese is the Chinese of a text, empty when there is none.
func inChinese(text string) string {
	for _, words := range []map[string]string{chinese, chineseOfPeople, chineseOfLogins, chineseOfStore, chineseOfCluster, chineseOfPlacing} {
		if translated, ok := words[text]; ok {
			return translated
		}
	}
	return ""
}

// headings translates the help's own headings.
func (l lang) headings(template string) string {
	if l != zh {
		return template
	}
	return strings.NewReplacer("Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "命令：",
		"Additional Commands:", "其他命令：", "Global Flags:", "通用选项：", "Flags:", "选项：",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`,
		`用 "{{.CommandPath}} [命令] --help" 查看某个命令的说明。`).Replace(template)
}
