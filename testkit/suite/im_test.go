package suite

import (
	"slices"
	"testing"
	"time"

	"troupe/messages"
	"troupe/testkit/imclient"
	"troupe/testkit/site"
)

// What the PC client reads of each event (im-contract sections 3 and 4).
type (
	imChannels struct {
		Channels []struct {
			ID, Name, Platform string
			UnreadCount        int
			IsLoggedIn         bool
			LastMessageTime    int64
		}
	}
	imTopics struct {
		ChannelID string `json:"channelId"`
		Topics    []imTopic
	}
	imTopic struct {
		ID, Title                 string
		MessageCount, UnreadCount int
		LastMessageTime           int64
		IsPrivate                 bool
	}
	imMessage struct {
		ID, FromName, FromID, Content, Direction, MessageCategory string
		Timestamp                                                 int64
		ReplyToID                                                 *string
		IsRead                                                    bool
	}
	imMessages struct {
		TopicID  string `json:"topicId"`
		Messages []imMessage
	}
	imQueue struct {
		TopicID         string `json:"topicId"`
		SendingMessages []struct{ Content, Status string }
	}
	imHint struct {
		ChannelID, MessageType, TopicID, ConversationID string
		CommentCount, MessageCount, TotalUnreadCount    int
	}
)

// TestUnmodifiedClientsDay is an agent's day with the npm client: channels, topics, messages, a hint, two replies, read marks.
func TestUnmodifiedClientsDay(t *testing.T) {
	s := newStage(t)
	account := s.watched("小店")
	c := imclient.Start(t, s.node.URL)
	c.Expect("monitor:registered", nil)
	imclient.Await(c, "monitor:channels", func(m imChannels) bool {
		return len(m.Channels) == 1 && m.Channels[0].ID == account && m.Channels[0].Name == "小店" && m.Channels[0].IsLoggedIn
	})
	c.Emit("monitor:request_topics", map[string]any{"channelId": account})
	c.Expect("monitor:topics", nil)

	// A visitor comments: hint, then the topics with one more unread, within a second.
	comment := s.comment(account, "请问几点开门？")
	hint := imclient.Await(c, "monitor:new_message_hint", func(h imHint) bool { return h.ChannelID == account && h.MessageType == "comment" })
	if hint.CommentCount != 1 || hint.TotalUnreadCount == 0 {
		t.Errorf("hint %+v", hint)
	}
	imclient.Await(c, "monitor:topics", func(m imTopics) bool {
		i := slices.IndexFunc(m.Topics, func(x imTopic) bool { return x.ID == hint.TopicID })
		return i >= 0 && m.Topics[i].UnreadCount > 0 && m.Topics[i].LastMessageTime > 1e12
	})

	// The agent answers it.
	answer := func(payload map[string]any, topic, text string) {
		t.Helper()
		payload["channelId"], payload["topicId"], payload["content"] = account, topic, text
		payload["fromName"], payload["fromId"] = "客服小李", "monitor_1_x"
		c.Emit("monitor:reply", payload)
		c.Expect("reply:success", nil)
		imclient.Await(c, "monitor:sending_queue", func(q imQueue) bool {
			return q.TopicID == topic && len(q.SendingMessages) == 1 && q.SendingMessages[0].Status == "sending"
		})
		imclient.Await(c, "monitor:sending_queue", func(q imQueue) bool { return q.TopicID == topic && len(q.SendingMessages) == 0 })
		c.Emit("monitor:request_messages", map[string]any{"topicId": topic})
		imclient.Await(c, "monitor:messages", func(m imMessages) bool {
			return m.TopicID == topic && slices.ContainsFunc(m.Messages, func(x imMessage) bool {
				return x.Content == text && x.FromName == "客服" && x.Direction == "outbound" && x.Timestamp > 1e12
			})
		})
		if n := s.posts(text); n != 1 {
			t.Errorf("posted %d times", n)
		}
	}
	answer(map[string]any{"type": "comment", "messageCategory": "comment", "replyToId": comment.ID}, hint.TopicID, "早上八点")

	// A private message, and its answer.
	if _, err := s.site.AddMessage(site.NewMessage{Owner: s.owners[account], Author: "老顾客", Text: "有货吗"}); err != nil {
		t.Fatal(err)
	}
	private := imclient.Await(c, "monitor:new_message_hint", func(h imHint) bool { return h.MessageType == "private_message" })
	answer(map[string]any{"type": "text", "messageCategory": "private", "replyToId": nil}, private.ConversationID, "有的，给您留着")

	// Reading.
	c.Emit("monitor:mark_topic_as_read", map[string]any{"channelId": account, "topicId": hint.TopicID})
	imclient.Await(c, "monitor:topic_read", func(m struct{ TopicID string }) bool { return m.TopicID == hint.TopicID })
	c.Emit("monitor:mark_conversation_as_read", map[string]any{"channelId": account, "conversationId": private.ConversationID})
	imclient.Await(c, "monitor:conversation_read", func(m struct{ ConversationID string }) bool { return m.ConversationID == private.ConversationID })
	s.eventually("the marks are stored", 5*time.Second, func() bool {
		for _, i := range s.items(account, messages.Comments) {
			if i.ID == comment.ID {
				return i.IsRead
			}
		}
		return false
	})

	// The contract's sum: a channel's unread is the sum of its topics'.
	c.Emit("monitor:request_topics", map[string]any{"channelId": account})
	c.Emit("monitor:sync", map[string]any{})
	topics := imclient.Await(c, "monitor:topics", func(m imTopics) bool { return m.ChannelID == account })
	sum := 0
	for _, x := range topics.Topics {
		sum += x.UnreadCount
	}
	imclient.Await(c, "monitor:channels", func(m imChannels) bool { return len(m.Channels) == 1 && m.Channels[0].UnreadCount == sum })
}
