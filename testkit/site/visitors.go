package site

import (
	"context"
	"math/rand/v2"
	"time"
)

var (
	signatures = []string{"每天一点小确幸 ✨", "认真生活，随便做饭 🍳", "走走停停，看看世界", "记录普通人的一天", "手工爱好者｜不接广告"}
	names      = []string{
		"路人甲", "山里的风", "阿树", "小满", "北北", "橘子汽水🍊", "Lily", "老王不姓王", "今天也要早睡", "木木", "云朵收集员", "慢半拍",
		"西瓜味的夏天🍉", "Kevin", "一只柯基", "豆豆妈", "半糖去冰", "江南小雨", "拾光", "大鱼",
	}
	titles = []string{
		"三分钟做好一碗葱油面", "周末去爬了一座没人的山", "旧木头改造成小书架", "阳台番茄第 60 天", "第一次做戚风蛋糕就成功了", "凌晨四点的海鲜市场",
		"给猫搭了个窝", "地铁口的修鞋师傅", "雨天的慢节奏 Vlog", "一个人的火锅怎么吃",
	}
	remarks = []string{
		"好看！收藏了 ⭐", "请问在哪里可以买到？", "哈哈哈哈笑死我了😂", "教程可以出详细一点吗", "第一！", "背景音乐叫什么呀", "我也试了，真的成功了👍", "求链接🙏",
		"看饿了……", "这个角度拍得太美了", "更新好快，辛苦啦❤️", "请问用的什么相机？", "已关注，期待下一期", "我奶奶也是这么做的", "有没有平替推荐", "不错不错",
	}
	chats = []string{
		"在吗？", "你好，想问一下价格", "请问还接合作吗？", "谢谢你的分享😊", "我下单了，什么时候发货？", "可以发一下地址吗", "太喜欢你的视频了", "好的，明白了",
		"方便加个联系方式吗", "收到了，很喜欢！🎁",
	}
)

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

// anyVisitor is one of the regular visitors; they are made as they come.
func (w *world) anyVisitor() *person {
	p, _ := w.visitor("", pick(w.rng, names)) // by name it cannot fail
	return p
}

// fill gives o made-up items of the last three days.
func (w *world) fill(o *owner, f Fill) {
	now, span := w.clock(), 72*time.Hour
	at := func(i, n int) time.Time { // evenly, oldest first, never in the future
		return now.Add(-span + span*time.Duration(i)/time.Duration(n+1)).Truncate(time.Millisecond)
	}
	for i := range f.Works {
		w.addWork(o, pick(w.rng, titles), pick(w.rng, signatures), at(i, f.Works).Add(-span))
	}
	for i := range f.Comments {
		if len(o.works) == 0 {
			break
		}
		k := pick(w.rng, o.works)
		var parent *comment
		if len(k.comments) > 0 && w.rng.IntN(3) == 0 {
			parent = pick(w.rng, k.comments)
		}
		w.addComment(k, parent, w.anyVisitor(), pick(w.rng, remarks), at(i, f.Comments))
	}
	for i := range f.Conversations {
		peer := w.newPerson(pick(w.rng, names))
		w.addMessage(o, peer, false, pick(w.rng, chats), at(i, f.Conversations))
	}
	for i := range f.Messages {
		if len(o.convs) == 0 {
			break
		}
		w.addMessage(o, pick(w.rng, o.convs).peer, w.rng.IntN(3) == 0, pick(w.rng, chats), at(i, f.Messages))
	}
	for i := range f.Notifications {
		w.visitorNotices(o, at(i, f.Notifications))
	}
}

// visitorNotices has a visitor like a work or follow.
func (w *world) visitorNotices(o *owner, at time.Time) *notice {
	from := w.anyVisitor()
	if len(o.works) == 0 || w.rng.IntN(4) == 0 {
		o.followers++
		n := w.addNotice(o, from, "follow", from.nickname+" 关注了你", at)
		n.relatedID, n.relatedKind = from.uid, "user"
		return n
	}
	k := pick(w.rng, o.works)
	k.stats.Likes++
	n := w.addNotice(o, from, "like", from.nickname+" 赞了你的作品", at)
	n.relatedID, n.relatedKind = k.id, "work"
	return n
}

// SetVisitors lets scripted visitors write by themselves, one act per pause on average, or stops them.
func (s *Site) SetVisitors(on bool, pause time.Duration) {
	s.mu.Lock()
	if s.stopVisitors != nil {
		s.stopVisitors()
		s.stopVisitors = nil
	}
	if on && !s.closed {
		ctx, stop := context.WithCancel(context.Background())
		s.stopVisitors = stop
		s.wg.Go(func() { s.runVisitors(ctx, pause) })
	}
	s.mu.Unlock()
}

func (s *Site) runVisitors(ctx context.Context, pause time.Duration) {
	if pause <= 0 {
		pause = 2 * time.Second
	}
	for {
		s.mu.Lock()
		wait := time.Duration(float64(pause) * (0.5 + s.world.rng.Float64()))
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			s.visit()
		}
	}
}

// visit is one act of one visitor on one owner.
func (s *Site) visit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.world
	if len(w.owners) == 0 {
		return
	}
	o, now := pick(w.rng, w.owners), w.clock()
	switch n := w.rng.IntN(100); {
	case n < 55 && len(o.works) > 0:
		k := pick(w.rng, o.works)
		var parent *comment
		if len(k.comments) > 0 && w.rng.IntN(100) < 40 {
			parent = k.comments[len(k.comments)-1-w.rng.IntN(min(5, len(k.comments)))]
		}
		s.pushComment(w.addComment(k, parent, w.anyVisitor(), pick(w.rng, remarks), now))
	case n < 80:
		m := w.addMessage(o, w.anyVisitor(), false, pick(w.rng, chats), now)
		m.image = w.rng.IntN(12) == 0
		s.pushMessage(m)
	case n < 84 && len(o.convs) > 0:
		if m := pick(w.rng, o.convs).last(); !m.fromOwner && !m.recalled {
			m.recalled = true
			m.seq = w.change()
			m.conv.seq = m.seq
			s.pushMessage(m)
		}
	default:
		s.push(o, "notification", map[string]any{"notifications": []Notification{w.visitorNotices(o, now).row()}})
	}
}
