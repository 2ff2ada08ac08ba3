using Ballast.Hub;
using Xunit;

namespace Ballast.Tests.Hub;

public class HubNameTests
{
    [Theory]
    [InlineData("owner/name", "owner/name", null, "")]
    [InlineData("owner/name-1.5B_x@v1.0", "owner/name-1.5B_x", "v1.0", "")]
    [InlineData("owner/name@main/data/train.jsonl", "owner/name", "main", "data/train.jsonl")]
    [InlineData("owner/name/sub folder/x.csv", "owner/name", null, "sub folder/x.csv")]
    public void Names_are_read(string text, string repository, string? revision, string path)
    {
        Assert.True(HubName.TryParse(text, out var name));
        Assert.Equal(new HubName(repository, revision, path), name);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("/owner/name")]
    [InlineData("../owner/name")]
    [InlineData("owner/../name")]
    [InlineData("owner/name/../x")]
    [InlineData("./owner/name")]
    [InlineData("owner/na me")]
    [InlineData("owner/name@")]
    [InlineData("owner/name@../x")]
    [InlineData("own--er/name")]
    [InlineData("https://host/owner/name")]
    public void Other_texts_are_none(string text) => Assert.False(HubName.TryParse(text, out _));

    [Fact]
    public void A_misspelt_path_below_a_folder_that_exists_is_not_asked_of_the_hub()
    {
        string folder = Directory.CreateDirectory($"hub-name-{Guid.NewGuid():n}").Name;
        Assert.False(HubName.Means($"{folder}/model", out _));
        Assert.True(HubName.Means($"{folder}/model@main", out _));
        Assert.True(HubName.Means($"x{folder}/model", out _));
        Directory.Delete(folder);
    }

    [Fact]
    public void A_place_in_the_cache_is_shown_by_name_and_commit()
    {
        string commit = new('c', 40);
        Assert.Equal($"owner/name@{commit}", HubName.Shown($"/root/hub/models--owner--name/snapshots/{commit}"));
        Assert.Equal($"owner/name@{commit}/a/b.csv", HubName.Shown($"/root/hub/datasets--owner--name/snapshots/{commit}/a/b.csv"));
        Assert.Equal("runs/mine/model", HubName.Shown("runs/mine/model"));
    }
}
