package douyin

import (
	"fmt"
	"time"
)

var (
	names = []string{
		"山野小厨", "阿泽不加糖", "快乐小狗", "Momo", "老陈爱钓鱼", "晚风", "一颗柠檬🍋", "江城木匠", "橙子味的猫", "Luna", "北方有雪", "小鱼干",
		"今天吃什么", "慢慢来", "赵师傅修车", "芝麻汤圆", "Echo", "青石板", "爱笑的眼睛", "豆包妈妈",
	}
	titles = []string{
		"一口锅搞定全家的早餐 #美食", "凌晨三点的面馆", "把旧门板做成餐桌", "第一次带爸妈看海", "阳台上的小菜园", "手冲咖啡到底贵在哪", "老街最后一家裁缝铺",
		"雨夜骑行 40 公里", "给流浪猫搭个家", "三十岁学会游泳",
	}
	remarks = []string{
		"太好看了[赞][赞]", "求教程！", "这是哪里呀", "哈哈哈哈哈笑不活了", "已三连", "请问锅是什么牌子的？", "学会了，明天就做", "沙发", "BGM 好好听，叫什么", "关注好久了，终于更新",
		"能寄到新疆吗？", "我妈看了都说好", "细节满分👍", "想看下一期", "[比心][比心]",
	}
	chats = []string{
		"在吗？想咨询一下", "你好，请问接广告吗", "东西收到了，很满意", "可以加个微信吗", "什么时候直播呀", "谢谢回复！", "好的", "我再考虑一下", "多少钱一份？", "支持你💪",
	}
	signatures = []string{"认真做饭，好好生活", "木工｜手作｜慢生活", "记录平凡的每一天"}
)

func (w *world) createOwner(n NewOwner) *owner {
	name := n.Nickname
	if name == "" {
		name = fmt.Sprintf("抖音创作者%d", len(w.owners)+1)
	}
	o := &owner{
		person: w.newPerson(name), signature: pick(w.rng, signatures), fans: 1200 + w.rng.Int64N(90_000), following: 20 + w.rng.Int64N(300),
		limits: map[string]bool{},
	}
	w.owners = append(w.owners, o)
	if n.Empty {
		return o
	}
	w.fill(o, Fill{Works: 4, Comments: 16, Conversations: 3, Messages: 8, Notices: 4})
	at := w.clock().Add(-30 * time.Minute)
	for i, decoy := range []string{"小明", "小明", ""} {
		conv := w.converse(o, w.newPerson(decoy))
		w.addMessage(conv, conv.peer, typeText, pick(w.rng, chats), "", at.Add(time.Duration(i)*time.Minute), false)
	}
	return o
}

// Fill gives an owner many made-up items at once.
func (s *Site) Fill(f Fill) error {
	return s.withOwner(f.Owner, func(o *owner) { s.world.fill(o, f) })
}

func (w *world) fill(o *owner, f Fill) {
	now, span := w.clock(), 72*time.Hour
	at := func(i, n int) time.Time { // evenly, oldest first, never in the future
		return now.Add(-span + span*time.Duration(i)/time.Duration(n+1)).Truncate(time.Millisecond)
	}
	for i := range f.Works {
		k := w.addWork(o, "", at(i, f.Works).Add(-span))
		switch i % 9 {
		case 4:
			k.kind = 68
		case 8:
			k.kind = 4
		}
	}
	for i := range f.Comments {
		if len(o.works) == 0 {
			break
		}
		w.fillComment(o.works[i%len(o.works)], i, at(i, f.Comments))
	}
	for i := range f.Conversations {
		conv := w.converse(o, w.newPerson(fmt.Sprint(pick(w.rng, names), i+1)))
		w.addMessage(conv, conv.peer, typeText, pick(w.rng, chats), "", at(i, f.Conversations), false)
	}
	kinds := []int{typeText, typeText, typeText, typeSticker, typeText, typeWork, typeText, typeImage, typeText, typeTips, typeVoice, typeImageWork}
	for i := range f.Messages {
		if len(o.convs) == 0 {
			break
		}
		conv := o.convs[i%len(o.convs)]
		sender := conv.peer
		if i%3 == 2 {
			sender = o.person
		}
		w.addMessage(conv, sender, kinds[i%len(kinds)], pick(w.rng, chats), "", at(i, f.Messages), false)
	}
	for i := range f.Notices {
		kind := []int{noticeLike, noticeFollow}[i%2]
		var k *work
		if kind == noticeLike && len(o.works) > 0 {
			k = pick(w.rng, o.works)
		}
		from, _ := w.visitor("", pick(w.rng, names)) // by name it cannot fail
		w.addNotice(o, kind, from, k, nil, at(i, f.Notices))
	}
}

// fillComment writes the i-th comment: of three, one is a reply, to whatever stands there.
func (w *world) fillComment(k *work, i int, at time.Time) {
	var parent *comment
	if len(k.comments) > 0 && w.rng.IntN(3) == 0 {
		parent = pick(w.rng, k.comments)
	}
	author, _ := w.visitor("", pick(w.rng, names)) // by name it cannot fail
	if parent != nil && i%7 == 0 {
		author = k.owner.person
	}
	w.addComment(k, parent, author, pick(w.rng, remarks), at)
}
