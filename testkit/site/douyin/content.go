package douyin

import (
	"encoding/json"
)

// The types of private messages.
const (
	typeTips      = 1
	typeSticker   = 5
	typeFile      = 6
	typeText      = 7
	typeWork      = 8
	typeGreeting  = 15
	typeVoice     = 17
	typeUserCard  = 25
	typeLinkCard  = 26
	typeImage     = 27
	typeImageWork = 77
	firstCommand  = 50000 // from here on no message of a person
)

// contentOf is the usual content of a message's type. The addresses in it lead to pictures that are there.
func contentOf(kind int, text, id string, followed bool) string {
	picture := []string{"https://" + hostImages + "/photo/" + id + ".png"}
	var c map[string]any
	switch kind {
	case typeText:
		c = map[string]any{"text": text, "aweType": 700, "richTextInfos": []any{}}
		if followed {
			c["aweType"] = 701
		}
	case typeTips:
		c = map[string]any{"tips": text}
	case typeSticker, typeGreeting:
		c = map[string]any{"display_name": text, "emoji_type": 2, "url": map[string]any{"url_list": picture}}
	case typeWork, typeImageWork:
		c = map[string]any{
			"itemId": id, "content_title": text, "content_name": "推荐作者", "cover_url": map[string]any{"url_list": picture}, "aweType": 800,
		}
		if kind == typeImageWork {
			c["awemeType"], c["image_count"] = 68, 3
		}
	case typeVoice:
		c = map[string]any{"duration": 2100, "resource_url": map[string]any{"url_list": []string{"https://" + hostVideos + "/voice/" + id + ".m4a"}}}
	case typeImage:
		c = map[string]any{"resource_url": map[string]any{"origin_url_list": picture, "thumb_url_list": picture}, "aweType": 2702}
	case typeFile:
		c = map[string]any{"file_name": text, "file_size": 20480}
	case typeUserCard, typeLinkCard:
		c = map[string]any{"title": text, "link_url": "https://" + hostWWW + "/user/" + id}
	default:
		c = map[string]any{"command_type": 1, "text": text}
	}
	out, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(out)
}

// textOf is the text in the content of a text message.
func textOf(content string) string {
	var c struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal([]byte(content), &c) // what is no JSON has no text
	return c.Text
}
