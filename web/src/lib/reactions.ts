/** The reactions that are one tap away; the digits 1 to 9 throw the first nine. */
export const palette = ['😂', '❤️', '😮', '👏', '🔥', '😢', '🎉', '👍', '😡', '⚽'] as const;
