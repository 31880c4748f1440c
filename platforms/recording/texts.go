package recording

import (
	"crypto/hmac"
	"crypto/sha256"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textName are names of fields that hold what a person wrote, or who the person is.
var textName = regexp.MustCompile(`(?i)^(text|content|desc|description|title|item_title|caption|comment|nick_?name|screen_?name|user_?name|` +
	`author_?name|participant_?name|sender_?name|recipient_?name|from_name|reply_to_user(name)?|signature|remark(_name)?|last_message|unique_id)$`)

// texts hides what people wrote behind words of the same length, in runes and in bytes. The same text becomes the same
// words within one recording, so that what belongs together still does.
type texts struct {
	hide     bool
	salt     []byte
	known    map[string]bool
	replacer *strings.Replacer
}

// learn takes a text for a person's wherever it stands. One of a single rune is not told from other words.
func (t *texts) learn(text string) {
	if !t.hide || utf8.RuneCountInString(text) < 2 || !strings.ContainsFunc(text, unicode.IsLetter) {
		return
	}
	if t.known == nil {
		t.known = make(map[string]bool)
	}
	t.known[text] = true
	t.replacer = nil
}

func (t *texts) learnTree(v tree, name string) {
	switch v := v.(type) {
	case *object:
		for _, m := range v.members {
			t.learnTree(m.value, m.key)
		}
	case *list:
		for _, x := range v.values {
			t.learnTree(x, name)
		}
	case string:
		if inner, ok := parseCompound(v); ok {
			t.learnTree(inner, "")
		} else if textName.MatchString(name) {
			t.learn(v)
		}
	}
}

// in hides every known text.
func (t *texts) in(s string) string {
	if !t.hide {
		return s
	}
	if t.replacer == nil {
		var pairs []string
		for _, text := range slices.SortedFunc(keysOf(t.known), func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		}) {
			pairs = append(pairs, text, t.words(text))
		}
		t.replacer = strings.NewReplacer(pairs...)
	}
	return t.replacer.Replace(s)
}

// words are what stands for a text.
func (t *texts) words(text string) string {
	mac := hmac.New(sha256.New, t.salt)
	_, _ = mac.Write([]byte(text)) // a hash never fails
	stream := mac.Sum(nil)
	next := func(i int) rune { return rune(stream[i%len(stream)]) }
	var b strings.Builder
	for i, r := range []rune(text) {
		switch utf8.RuneLen(r) {
		case 1:
			switch {
			case unicode.IsDigit(r):
				b.WriteRune('0' + next(i)%10)
			case unicode.IsLetter(r):
				b.WriteRune('a' + next(i)%26)
			default:
				b.WriteRune(r)
			}
		case 2:
			b.WriteRune('а' + next(i)%32)
		case 3:
			b.WriteRune('一' + next(i))
		default:
			b.WriteRune('😀' + next(i)%64)
		}
	}
	return b.String()
}
