package im

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// golden compares v, as indented JSON, with a file under testdata.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs; got\n%s", path, got.Bytes())
	}
}

// channelList is what a client reads of monitor:channels.
type channelList struct {
	Channels []Channel `json:"channels"`
}

func decoded(payload json.RawMessage) (channelList, error) {
	var list channelList
	err := json.Unmarshal(payload, &list)
	return list, err
}

func listed(t *testing.T, b *board.Board, views Views) channelList {
	t.Helper()
	list, err := decoded(Channels(b, views, RowOf))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const (
	start  = int64(1_760_000_000_000) // ms; when the fixture's items were made
	minute = int64(60_000)
)

var now = time.UnixMilli(start + 60*minute)

func content(c *messages.Content) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Content{Content: c}, Source: messages.Source_SOURCE_LIST}
}

func comment(c *messages.Comment) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Comment{Comment: c}, Source: messages.Source_SOURCE_LIST}
}

func discussion(d *messages.Discussion) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Discussion{Discussion: d}, Source: messages.Source_SOURCE_LIST}
}

func conversation(c *messages.Conversation) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Conversation{Conversation: c}, Source: messages.Source_SOURCE_LIST}
}

func direct(m *messages.DirectMessage) *messages.Item {
	return &messages.Item{Entity: &messages.Item_Message{Message: m}, Source: messages.Source_SOURCE_LIST}
}

var (
	xiaoLi = &messages.Person{UserId: "u_li", UserName: "小李", Avatar: "https://p.example/li.jpg"}
	shop   = &messages.Person{UserId: "own_1", UserName: "小店"}
)

// items is an account with two works (one without comments), three levels of comments, and a chat.
func items() []*messages.Item {
	return []*messages.Item{
		content(&messages.Content{
			Id: "w1", WorkId: "w1", Title: "春天的花", Description: "一段描述", PublishTime: start - 600*minute, Url: "https://v.example/w1",
			CoverUrl: "https://p.example/w1.jpg", LikeCount: new(int64(12)), CommentCount: new(int64(40)),
			Statistics: &messages.Statistics{ViewCount: new(int64(900)), LikeRate: new(0.0133), AvgViewSecond: new(8.5), CompletionRate: new(0.31)},
		}),
		content(&messages.Content{Id: "w2", WorkId: "w2", PublishTime: start - 900*minute}),
		comment(&messages.Comment{Id: "c1", WorkId: "w1", Content: "好看 <3", AuthorName: "小王", AuthorId: "u_wang", AuthorAvatar: "https://p.example/wang.jpg", CreateTime: start}),
		comment(&messages.Comment{Id: "c2", WorkId: "w1", Content: "多少钱？", AuthorId: "u_x", CreateTime: start + 2*minute}),
		discussion(&messages.Discussion{Id: "d1", CommentId: "c1", WorkId: "w1", Content: "谢谢", AuthorName: "小店", AuthorId: "own_1", CreateTime: start + minute, ReplyToId: "c1"}),
		discussion(&messages.Discussion{Id: "d2", CommentId: "c1", WorkId: "w1", Content: "不客气", AuthorName: "小王", AuthorId: "u_wang", CreateTime: start + 3*minute, ReplyToId: "d1"}),
		discussion(&messages.Discussion{Id: "d3", CommentId: "gone", WorkId: "w1", Content: "无主的回复", AuthorName: "小张", AuthorId: "u_z", CreateTime: start + 4*minute}),
		conversation(&messages.Conversation{Id: "own_1:u_li", ConversationId: "own_1:u_li", Participant: xiaoLi, CreateTime: start - 5*minute}),
		conversation(&messages.Conversation{Id: "own_1:u_quiet", ConversationId: "own_1:u_quiet", Participant: &messages.Person{UserId: "u_quiet", UserName: "无言"}}),
		direct(&messages.DirectMessage{Id: "m1", ConversationId: "own_1:u_li", Sender: xiaoLi, Recipient: shop, Content: "在吗", MsgType: "text", CreateTime: start + 5*minute}),
		direct(&messages.DirectMessage{Id: "m2", ConversationId: "own_1:u_li", Sender: shop, Recipient: xiaoLi, Content: "在的", MsgType: "text", CreateTime: start + 6*minute}),
		direct(&messages.DirectMessage{Id: "m3", ConversationId: "own_1:u_li", Sender: xiaoLi, Recipient: shop, Content: "", MsgType: "file", FileName: "报价.pdf", FileUrl: "https://f.example/1", CreateTime: start + 7*minute}),
		direct(&messages.DirectMessage{Id: "m4", ConversationId: "own_1:u_li", Sender: xiaoLi, Recipient: shop, Content: "发错了", CreateTime: start + 8*minute, IsRecalled: true}),
	}
}

// data is a dataset with the fixture's items in each account, observed an hour after they were made.
func data(accounts ...string) *dataset.Dataset {
	d := dataset.New(0, 0)
	for _, id := range accounts {
		d.Merge(observed(id, items()...), now)
		d.Merge(&messages.Observed{Account: id, Complete: messages.Collections}, now)
	}
	return d
}

func observed(account string, items ...*messages.Item) *messages.Observed {
	return &messages.Observed{Account: account, Epoch: 1, Owner: "own_1", Items: items}
}

// account is a logged-in account with a profile.
func account(id string) *board.Account {
	return &board.Account{
		Record: &messages.Account{
			Id: id, Platform: "douyin", Name: "门店", LoggedIn: true, LoginStatus: "logged_in", CreatedAt: start - 9000*minute, UpdatedAt: start + 1500,
			LastLoginTime: start, Profile: &messages.Profile{
				PlatformUserId: "own_1", Nickname: "小店", Avatar: "https://p.example/shop.jpg", Followers: new(int64(321)), Following: new(int64(5)),
			},
		},
		Status: &messages.AccountStatus{Account: id, State: string(messages.Watching)},
		Online: true,
	}
}

// reply is an open one, accepted at the fixture's now.
func reply(id, account string, kind messages.TopicKind, topic string, target *messages.ReplyTarget) *messages.Reply {
	return &messages.Reply{
		Id: id, RequestId: "req_1", Account: account, Topic: string(messages.TopicOf(messages.AccountID(account), kind, topic)),
		Target: target, Content: "您好", State: messages.ReplyAcceptedState, AcceptedAt: now.UnixMilli(),
	}
}
