package xiaohongshu

import "encoding/json"

// The types of private messages (content_type).
const (
	typeHidden  = 0 // sent in the app; the web gets neither its body nor its true sender and time
	typeText    = 1
	typePicture = 2
	typeNote    = 3
	typeHint    = 4 // the site's own words
	typeSticker = 13
)

// contentOf is the usual content of a message's type: text, or JSON. The addresses in it lead to pictures that are there.
func contentOf(kind int, text, id string) string {
	picture := "https://" + hostImages + "/photo/" + id + ".png"
	switch kind {
	case typeHidden:
		return ""
	case typeNote:
		return asJSON(fields{
			"id": "66" + id + "abc", "title": text, "noteType": "normal", "cover": picture, "link": "xhsdiscover://item/66" + id + "abc?xsec_token=CB" + id,
			"user": fields{"id": "5f" + id, "nickname": "推荐博主", "avatar": "https://" + hostAvatars + "/avatar/5f" + id + ".svg"},
		})
	case typePicture:
		return asJSON(fields{"imageDataMap": fields{"IM_ORG": fields{"url": picture}, "IM_DTL": fields{"url": picture}, "IM_PRV": fields{"url": picture}}, "size": fields{"width": 160, "height": 120}})
	case typeSticker:
		return asJSON(fields{"emojiKey": "red_" + id[len(id)-4:], "desc": text})
	}
	return text
}

// front is the one line that stands for a message in the list of conversations.
func front(kind int, content string) string {
	switch kind {
	case typeText, typeHint:
		return content
	case typePicture:
		return "[图片]"
	case typeNote:
		return "[笔记]"
	case typeSticker:
		return "[表情]"
	}
	return "[请在App内查看]"
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(text)
}
